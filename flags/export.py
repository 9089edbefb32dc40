"""Flags of `--mode=export`."""

import pathlib
from typing import Any

from absl import flags

from snas_tf import tensorflow_import
from snas_tf.config.training import EXPORT_FORMATS, EXPORTED_WEIGHTS
from snas_tf.errors import UserError, shorten_path
from snas_tf.files.digests import digests
from snas_tf.runs import run_record
from snas_tf.runs.run_directory import RunDirectory

from . import common, plugin


def define(values: flags.FlagValues) -> None:
    """Define the flags."""
    common.define_model_dir(values)
    plugin.define(values)
    flags.DEFINE_enum(
        "format",
        "saved_model",
        list(EXPORT_FORMATS),
        "File format; all but saved_model take images of the network's own size only.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "export_weights",
        None,
        list(EXPORTED_WEIGHTS),
        "Weights to export: the last epoch's, or those of the epoch with the best validation "
        "accuracy; if not given, those that the run itself exports.",
        flag_values=values,
    )


def arguments(values: flags.FlagValues) -> dict[str, Any]:
    """Return the arguments of `export`.

    Raises:
        UserError: no run directory is given.
    """
    if values.model_dir is None:
        raise UserError(
            "--model_dir: not given, and --mode=export needs one; accepted: the directory of a run "
            "of --mode=evaluate"
        )
    return {
        "model_dir": pathlib.Path(values.model_dir),
        "file_format": values.format,
        "weights": values.export_weights,
    }


def run(values: flags.FlagValues) -> None:
    """Export a network, and print what was written."""
    given = arguments(values)
    _check_plugins(values.plugin, RunDirectory(given["model_dir"]))
    tensorflow_import.import_tensorflow()
    from snas_tf.workflows.export import export, report

    report(export(**given))


def _check_plugins(given: list[str], run: RunDirectory) -> None:
    """Check that plugins are those with which the network was trained."""
    if not (given and run.record.exists()):
        return
    changed = run_record.read(run.record).find_changed_plugin(digests(given))
    if changed is not None:
        raise UserError(
            f"--plugin: {changed} is not the one with which the run in "
            f"--model_dir={shorten_path(run.path)} was trained, accepted: the file as it was"
        )
