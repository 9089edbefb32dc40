"""Imports point one way, and importing the package does nothing."""

import ast
import functools
import graphlib
import re
import subprocess
import sys

import pytest

from tests.programs import ROOT

# For each room, the rooms and modules of the package that it may import.
ALLOWED = {
    "files": {"files", "errors"},
    "architecture": {"architecture", "errors", "files"},
    "config": {"config", "architecture", "errors"},
    "layers": {"layers", "architecture"},
    "models": {"models", "layers", "architecture", "errors", "files"},
    "plots": {"plots", "architecture", "files"},
    "data": {"data", "config", "errors", "files"},
    "runs": {"runs", "data", "config", "errors", "files"},
    "tuning": {"tuning", "config", "errors", "files"},
    "training": {"training", "runs", "models", "layers", "config", "errors"},
    "penalty": {"penalty", "layers", "architecture", "config"},
    "algorithms": {
        "algorithms",
        "penalty",
        "training",
        "runs",
        "plots",
        "models",
        "layers",
        "architecture",
        "config",
        "errors",
        "files",
    },
}
FILES = sorted((ROOT / "snas_tf").rglob("*.py"))


def walk_run_time(node):
    """The nodes of a tree without what only type checkers read."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from walk_run_time(child)


@functools.cache
def tree(path):
    """The syntax tree of a file, read once for all tests."""
    return ast.parse(path.read_text())


@functools.cache
def imports(path):
    """The names that a module imports."""
    return tuple(imported(tree(path)))


def imported(module):
    for node in walk_run_time(module):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_lies_below_it(room):
    for path in (ROOT / "snas_tf" / room).rglob("*.py"):
        for name in imports(path):
            if name.startswith("snas_tf."):
                assert name.split(".")[1] in ALLOWED[room], f"{path.name} imports {name}"


def name_of(path):
    """The name that a module is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def modules_imported(path, modules):
    """Modules of the package that a module imports; `from package import name` counts as one."""
    for name in imports(path):
        yield from [one for one in (name, name.rpartition(".")[0]) if one in modules][:1]


def test_no_module_needs_itself():
    modules = {name_of(path): path for path in FILES}
    graph = {name: set(modules_imported(path, modules)) for name, path in modules.items()}
    assert sum(map(len, graph.values())) > len(FILES)
    graphlib.TopologicalSorter(graph).prepare()  # raises where there is a circle


def test_nothing_below_main_knows_flags():
    for path in FILES:
        if path == ROOT / "snas_tf" / "__main__.py":
            continue  # It is the program.
        for name in imports(path):
            assert not name.startswith(("flags", "absl.flags", "absl.app")), f"{path}: {name}"


def test_no_text_of_the_library_names_a_flag():
    named = re.compile(r"--[a-z{]")
    for path in FILES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), str):
                text = ast.unparse(node).replace("tensorboard --logdir", "")  # another program's
                assert not named.search(text), f"{path.name}:{node.lineno}: {text}"


@pytest.mark.parametrize("room", ["architecture", "config"])
def test_these_rooms_need_no_tensorflow(room):
    for path in (ROOT / "snas_tf" / room).glob("*.py"):
        for name in imports(path):
            assert name.split(".")[0] not in ("tensorflow", "keras"), f"{path.name}: {name}"


def test_importing_every_module_touches_no_flag_no_file_and_no_device(tmp_path):
    modules = [name_of(path) for path in FILES]
    program = f"""
import importlib, os, sys
from absl import flags
before = set(flags.FLAGS)
sys.path.insert(0, {str(ROOT)!r})
for name in {modules!r}:
    importlib.import_module(name)
from tensorflow.python.eager import context
assert context.context()._context_handle is None, "a device was initialized"
ours = [name for name in set(flags.FLAGS) - before
        if flags.FLAGS.find_module_defining_flag(name).startswith(("snas_tf", "flags"))]
assert not ours, ours
assert os.listdir() == [], os.listdir()
"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
