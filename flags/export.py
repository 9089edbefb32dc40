"""Flags of `--mode=export`."""

import pathlib

from absl import flags

from snas_tf import tensorflow_import
from snas_tf.config import ExportConfig
from snas_tf.config.export import EXPORT_FORMATS
from snas_tf.errors import UserError, shorten_path
from snas_tf.files.digests import digests
from snas_tf.runs import run_record
from snas_tf.runs.run_directory import RunDirectory

from . import common, fields, plugin

_MEANINGS = {
    "export_weights": "Weights to export: the last epoch's, or those of the epoch with the best "
    "validation accuracy; if not given, those that the run itself exports.",
    "quantize": "With --format=tflite: float16, weights of 16 bits, half the size; int8, weights "
    "and arithmetic of 8 bits, calibrated on training images of the run.",
    **common.DATA_DIR,
}


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
    fields.define(values, ExportConfig(pathlib.Path("runs")), _MEANINGS)


def config(values: flags.FlagValues) -> ExportConfig:
    """Return the config of the export.

    Raises:
        UserError: no run directory is given, or values do not go together.
    """
    if values.model_dir is None:
        raise UserError(
            "--model_dir: not given, and --mode=export needs one; accepted: the directory of a run "
            "of --mode=evaluate"
        )
    return ExportConfig(**fields.read(values, ExportConfig), file_format=values.format)


def run(values: flags.FlagValues) -> None:
    """Export a network, and print what was written."""
    given = config(values)
    _check_plugins(values.plugin, RunDirectory(given.model_dir))
    tensorflow_import.import_tensorflow()
    from snas_tf.workflows.export import export_child, report

    report(export_child(given))


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
