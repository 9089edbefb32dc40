"""Flags of `--mode=export`."""

import pathlib
from typing import Any

from absl import flags

from snas_tf import tensorflow_import
from snas_tf.config.training import EXPORT_FORMATS, EXPORTED_WEIGHTS
from snas_tf.errors import UserError

from . import common


def define(values: flags.FlagValues) -> None:
    """Define the flags."""
    common.define_model_dir(values)
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
    tensorflow_import.import_tensorflow()
    from snas_tf.workflows.export import export, report

    report(export(**given))
