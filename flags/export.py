"""Flags of `--mode=export`."""

import pathlib
from typing import Any

from absl import flags

from flags import common, evaluate
from snas_tf.errors import UserError


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    common.define_model_dir(values)
    flags.DEFINE_enum(
        "format",
        "saved_model",
        ["saved_model", "keras", "tflite", "onnx"],
        "What to export as; all but saved_model take images of the network's own size only.",
        flag_values=values,
    )
    evaluate.define_weights(values, None, "those that the run itself exports")


def arguments(values: flags.FlagValues) -> dict[str, Any]:
    """The arguments of `export`.

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
