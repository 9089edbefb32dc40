"""The Python of the environment of `make demo` and `make test`."""

import subprocess

import pytest

from tests.programs import ROOT

WORKS, OTHER_VERSION, NO_VENV = 0, 3, 4


def make(tmp_path, pythons, **chosen):
    """Make an environment where there are these Pythons only: exit status by name."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, status in pythons.items():
        # It answers whether it can, and notes what it is asked for besides.
        program = f'[ "$1" = -c ] && exit {status}; echo {name} "$@" >{tmp_path}/made'
        (commands / name).write_text(f"#!/bin/sh\n{program}\n")
        (commands / name).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", ROOT / "tools" / "make_venv.sh", tmp_path / "venv"],
        env={"PATH": str(commands), **chosen},
        capture_output=True,
        text=True,
    )


def test_the_first_python_that_can_makes_the_environment(tmp_path):
    pythons = {"python3.11": NO_VENV, "python3.12": OTHER_VERSION, "python3.13": WORKS}
    done = make(tmp_path, {**pythons, "python3": WORKS})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made").read_text() == f"python3.13 -m venv {tmp_path}/venv\n"


@pytest.mark.parametrize(
    ("pythons", "chosen", "message"),
    [
        (
            {},
            {},
            "no Python 3.11, 3.12 or 3.13: apt-get install python3 python3-venv, "
            "or make PYTHON=PATH",
        ),
        (
            {"python3.13": NO_VENV, "python3": NO_VENV},
            {},
            "python3.13 lacks venv: apt-get install python3.13-venv",
        ),
        (
            {"python3.10": OTHER_VERSION, "python3.11": WORKS},
            {"PYTHON": "python3.10"},
            "python3.10: no Python 3.11, 3.12 or 3.13: apt-get install python3 python3-venv, "
            "or make PYTHON=PATH",
        ),
    ],
)
def test_without_one_a_line_says_what_to_install(tmp_path, pythons, chosen, message):
    done = make(tmp_path, pythons, **chosen)
    assert (done.returncode, done.stderr) == (2, f"{message}\n")
    assert not (tmp_path / "made").exists()
