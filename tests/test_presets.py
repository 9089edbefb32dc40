"""Presets have complete headers, and the program accepts them."""

import re

import pytest

from tests.programs import ROOT, run, run_in_process

PAPERS = ("paper", "paper_literal")
PRESETS = sorted((ROOT / "presets").glob("*.flags"))


def flags(path):
    """The flags of a preset, by name."""
    lines = (line for line in path.read_text().splitlines() if not line.startswith("#"))
    return dict(line.removeprefix("--").split("=", 1) for line in lines)


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_the_header_has_the_command_the_cost_and_what_to_expect(path):
    header = re.match(r"(#.*\n)+", path.read_text())[0]
    command = re.search(r"^#     python main\.py --flagfile=(\S+)", header, re.MULTILINE)
    assert ROOT / command[1] == path
    assert "Cost:" in header
    assert "Expected:" in header


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_the_program_takes_every_flag_of_it(path):
    """All is accepted but the directory, which is looked at after the flags."""
    nowhere = "--model_dir=/dev/null/run"
    # What a plugin registers stays in its process.
    run_one = run if "plugin" in flags(path) else run_in_process
    done = run_one(f"--flagfile={path}", nowhere, cwd=ROOT)
    assert done.returncode == 2
    assert f"main.py: {nowhere}: can't be written" in done.stderr


@pytest.mark.parametrize(
    ("name", "mode", "held_out"),
    [
        ("demo", "search", None),
        ("paper", "search", None),
        ("paper_evaluation", "evaluate", "0"),
        ("paper_imagenet", "imagenet", None),
    ],
)
def test_it_selects_its_mode_and_what_is_held_out(name, mode, held_out):
    chosen = flags(ROOT / "presets" / f"{name}.flags")
    assert chosen["mode"] == mode
    assert chosen.get("validation_fraction") == held_out


def test_the_papers_literal_settings_differ_from_the_main_command_in_alphas_alone():
    paper, literal = (flags(ROOT / "presets" / f"{name}.flags") for name in PAPERS)
    alpha = {"alpha_learning_rate": "3e-4", "alpha_decay": "coupled", "alpha_weight_decay": "1e-3"}
    assert literal == {**paper, **alpha}
