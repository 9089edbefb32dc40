"""The command that trains the cell of a trial from scratch."""

import dataclasses
import pathlib
import shlex
import sys
from collections.abc import Mapping
from typing import Any

from snas_tf.config import ChildConfig, DataConfig

from .program_name import program_name

_OF_IMAGES = ("data_dir", "image_size", "image_storage", "mirror", "skip_corrupt_images")

_STEM = ChildConfig.stem


def make(trial: Mapping[str, Any], summary: Mapping[str, Any], directory: pathlib.Path) -> str:
    """Make the command of --mode=evaluate for the network of a trial.

    Args:
        trial: one of `summary["trials"]`.
        summary: the content of pareto.json.
        directory: the directory of the sweep.
    """
    defaults = dataclasses.asdict(DataConfig())
    images = {**defaults, **summary["images"]}
    flags_of = {
        "mode": "evaluate",
        "genotype": directory / trial["genotype"],
        "dataset": images["dataset"],
        **{name: images[name] for name in _OF_IMAGES if images[name] != defaults[name]},
        **{name: trial[name] for name in ("num_cells", "init_channels")},
        **({"stem": trial["stem"]} if trial.get("stem", _STEM) != _STEM else {}),
        "model_dir": pathlib.Path("runs", f"{directory.name}_trial_{trial['trial']}"),
    }
    parts = [_format(name, value) for name, value in flags_of.items()]
    name = program_name(sys.argv)
    program = f"python {name}" if name.endswith(".py") else name
    return f"{program} {' '.join(parts)}"


def print_recommended(summary: Mapping[str, Any], directory: pathlib.Path) -> None:
    """Print the command for each recommended cell, each once."""
    trials = {one["trial"]: one for one in summary["trials"]}
    names: dict[int, list[str]] = {}
    for name, trial in summary["recommended"].items():
        names.setdefault(trial, []).append(name)
    for trial, called in names.items():
        print(f"\n{' and '.join(called)}: trial {trial}, train its cell with")
        print(f"  {make(trials[trial], summary, directory)}", flush=True)


def _format(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}={shlex.quote(str(value))}"
