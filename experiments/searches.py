"""Searches by the program, each run once, for the tables of experiments."""

import json
import pathlib
import subprocess
import sys

from absl import flags

ROOT = pathlib.Path(__file__).resolve().parent.parent


def define(model_dir, seeds):
    """Define the flags of an experiment of searches, with its defaults."""
    flags.DEFINE_list("seeds", seeds, "Seeds of each.")
    flags.DEFINE_string("data_dir", None, "Where the prepared CIFAR-10 is.")
    flags.DEFINE_string("model_dir", model_dir, "Where the searches go.")


def run(name, *settings):
    """Run a search, unless it is finished.

    Args:
        name: name of its directory under --model_dir.
        *settings: flags of the program; a later one counts.

    Returns:
        The run directory, and the content of its result.json.
    """
    values = flags.FLAGS
    path = pathlib.Path(values.model_dir) / name
    if not (path / "result.json").exists():
        data = [f"--data_dir={values.data_dir}"] if values.data_dir else []
        command = [sys.executable, str(ROOT / "main.py"), "--mode=search", *data, *settings]
        subprocess.run([*command, f"--model_dir={path}"], check=True)
    return path, json.loads((path / "result.json").read_text(encoding="utf-8"))
