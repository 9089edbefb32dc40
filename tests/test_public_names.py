"""The public names of the package: listed once in three ways, and loaded when they are used."""

import ast
import importlib
import json
import os
import statistics
import subprocess
import sys
import time

import pytest

import snas_tf
from tests.programs import ROOT

LOCATIONS = snas_tf._PUBLIC
HEAVY = ("tensorflow", "keras", "numpy", "matplotlib", "sklearn", "absl")


def run_python(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def names_for_type_checkers():
    """Where each name of the TYPE_CHECKING block is from, as "module:name"."""
    tree = ast.parse((ROOT / "snas_tf" / "__init__.py").read_text())
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    return {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for node in block.body
        for alias in node.names
    }


def test_every_name_is_listed_for_python_for_star_imports_and_for_type_checkers():
    assert snas_tf.__all__ == sorted(LOCATIONS)
    shown = names_for_type_checkers()
    assert shown.keys() == LOCATIONS.keys()
    for name, location in LOCATIONS.items():
        module = location if ":" in location else ":".join(location.rsplit(".", 1))
        assert shown[name] == module


@pytest.mark.parametrize("name", snas_tf.__all__)
def test_a_name_is_what_its_module_has(name):
    module, _, attribute = LOCATIONS[name].partition(":")
    expected = importlib.import_module(module)
    assert getattr(snas_tf, name) is (getattr(expected, attribute) if attribute else expected)


@pytest.mark.parametrize("name", snas_tf.__all__)
def test_a_name_is_documented(name):
    assert getattr(snas_tf, name).__doc__


def test_dir_lists_every_name_before_it_is_used():
    listed = run_python("import snas_tf; print(*dir(snas_tf))").stdout.split()
    assert {*snas_tf.__all__, "__version__"} <= {*listed}


def modules_after(program):
    """The names of the modules that Python has after a program."""
    done = run_python(f"import json, sys\n{program}\nprint(json.dumps(sorted(sys.modules)))")
    return {*json.loads(done.stdout)}


def test_the_algorithms_have_their_names():
    for name in snas_tf.algorithms.__all__:
        assert getattr(snas_tf.algorithms, name)
        assert name in dir(snas_tf.algorithms)
    with pytest.raises(AttributeError, match="no attribute 'SANS'"):
        snas_tf.algorithms.SANS  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    """Counted in modules, as a busy machine takes any time; this file, run, measures seconds."""
    loaded = modules_after("import snas_tf")
    assert not loaded & {*HEAVY}
    assert len(loaded - modules_after("import importlib, typing")) < 10


def test_configs_and_errors_need_no_tensorflow():
    loaded = modules_after("from snas_tf import ChildConfig, DataConfig, SearchConfig, UserError")
    assert not loaded & {"tensorflow", "keras"}


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'serach'"):
        snas_tf.serach  # noqa: B018


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_of_keras_is_refused_in_one_line(backend):
    done = run_python("import snas_tf; snas_tf.search", KERAS_BACKEND=backend)
    *_, last = done.stderr.splitlines()
    assert last == (
        f"snas_tf.errors.UserError: KERAS_BACKEND={backend}: snas_tf runs on TensorFlow alone, "
        "accepted: KERAS_BACKEND=tensorflow, set before keras is imported"
    )
    assert "keras" not in done.stderr.replace(last, "")


def test_the_backend_of_a_keras_that_is_imported_counts(monkeypatch):
    importlib.import_module("keras")
    monkeypatch.delitem(vars(snas_tf), "ChildNetwork", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert snas_tf.ChildNetwork.__name__ == "ChildNetwork"


if __name__ == "__main__":
    seconds = []
    for _ in range(9):
        start = time.perf_counter()
        bare = run_python("pass")
        middle = time.perf_counter()
        run_python("import snas_tf")
        seconds.append(time.perf_counter() - middle - (middle - start))
    print(f"import snas_tf: {statistics.median(seconds):.3f} s, median of {len(seconds)}")
