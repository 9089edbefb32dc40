"""The declarations of the package agree, and the wheel has all that the program needs."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import snas_tf
from tests.programs import ROOT
from tests.slow import slow

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def pins(name):
    """The versions in a file of requirements, by name; not those of files that it includes."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = (re.match(r"([\w.-]+)==([\w.]+)", line) for line in lines)
    return {canonicalize_name(match[1]): match[2] for match in found if match}


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("requirements.txt", PROJECT["dependencies"]),
        ("requirements-test.txt", [*EXTRAS["test"], *EXTRAS["onnx"]]),
        ("requirements-benchmark.txt", EXTRAS["benchmark"]),
    ],
)
def test_the_requirements_pin_what_the_package_declares(name, declared):
    found = {canonicalize_name(one.name): one.specifier for one in map(Requirement, declared)}
    found.pop("snas-tf", None)  # An extra that takes another in.
    pinned = pins(name)
    assert found.keys() == pinned.keys()
    for package, accepted in found.items():
        assert accepted.contains(pinned[package]), f"{package} {accepted}, not {pinned[package]}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, as a directory of files."""
    pytest.importorskip("hatchling")
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target=wheel"]
    subprocess.run([*build, f"--directory={directory}"], cwd=ROOT, check=True, capture_output=True)
    (path,) = directory.iterdir()
    with zipfile.ZipFile(path) as archive:
        archive.extractall(directory / "installed")
    return directory / "installed"


def files(directory):
    found = (path for path in directory.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(directory).as_posix() for path in found}


def test_the_wheel_holds_the_package_the_flags_and_the_presets_and_nothing_else(wheel):
    for name in ("flags", "presets"):
        assert files(wheel / "snas_tf" / name) == files(ROOT / name)
    carried = {"docs", "examples", "flags", "presets"}
    own = {name for name in files(wheel / "snas_tf") if name.split("/")[0] not in carried}
    assert own == files(ROOT / "snas_tf")
    assert "py.typed" in own
    metadata = f"snas_tf-{snas_tf.__version__}.dist-info"
    assert {path.name for path in wheel.iterdir()} == {"snas_tf", metadata}
    assert "snas = snas_tf.__main__:main" in (wheel / metadata / "entry_points.txt").read_text()


def run_installed(wheel, cwd, *arguments):
    """The program of the wheel, with the packages of this environment."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "snas_tf", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(wheel)},
        capture_output=True,
        text=True,
    )


def test_the_installed_program_is_called_snas(wheel, tmp_path):
    done = run_installed(wheel, tmp_path, "--help")
    assert done.stdout.startswith("usage: snas --mode=MODE")
    done = run_installed(wheel, tmp_path, "--mode=seek")
    assert (done.returncode, done.stderr.split(":")[0]) == (2, "snas")


QUICK = "cifar10_small_evaluation.flags"
"""It names a file of the package; test_presets.py has them all, in a checkout."""
PRESETS = sorted(path.name for path in (ROOT / "presets").iterdir())


@pytest.mark.parametrize("preset", [one if one == QUICK else slow(one) for one in PRESETS])
def test_the_installed_program_finds_every_preset_and_what_it_names(wheel, tmp_path, preset):
    nowhere = "--model_dir=/dev/null/run"
    done = run_installed(wheel, tmp_path, f"--flagfile=presets/{preset}", nowhere)
    assert done.returncode == 2
    assert done.stderr.startswith(f"snas: {nowhere}: can't be written")


def test_a_checkout_runs_as_a_module_too():
    done = subprocess.run(
        [sys.executable, "-m", "snas_tf", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.startswith("usage: snas --mode=MODE")


def test_the_citation_has_the_version_of_the_package():
    assert f"\nversion: {snas_tf.__version__}\n" in (ROOT / "CITATION.cff").read_text()
