"""The config of an export."""

import dataclasses
import pathlib
from typing import Annotated

from snas_tf.config.accepted import Config, OneOf
from snas_tf.config.training import EXPORTED_WEIGHTS
from snas_tf.errors import UserError, format_setting

EXPORT_FORMATS = ("saved_model", "keras", "tflite", "onnx")
QUANTIZATIONS = ("float16", "int8")


@dataclasses.dataclass(frozen=True)
class ExportConfig(Config):
    """The export of a trained network.

    Attributes:
        model_dir: the run directory of its training.
        file_format: one of `EXPORT_FORMATS`.
        export_weights: the "last" epoch's, or those of the epoch with the "best" validation
            accuracy; None for those that the run itself exports.
        quantize: of a TFLite file: "float16", weights of 16 bits; "int8", weights and maps of 8
            bits, whose ranges are found on training images of the run. None keeps 32 bits.
        data_dir: where these images are; None for where the run read them.

    Raises:
        UserError: a value is not accepted; or the format has no quantized form, or a place of
            images is given where none are read.
    """

    model_dir: pathlib.Path
    file_format: Annotated[str, OneOf(EXPORT_FORMATS)] = "saved_model"
    export_weights: Annotated[str | None, OneOf(EXPORTED_WEIGHTS)] = None
    quantize: Annotated[str | None, OneOf(QUANTIZATIONS)] = None
    data_dir: pathlib.Path | None = None

    def __post_init__(self) -> None:
        """Check every field, and that they go together."""
        super().__post_init__()
        if self.quantize is not None and self.file_format != "tflite":
            raise UserError(
                f"`quantize`={self.quantize}: given with `file_format`={self.file_format}, "
                "accepted: with `file_format`=tflite"
            )
        if self.data_dir is not None and self.quantize != "int8":
            raise UserError(
                f"{format_setting('data_dir', self.data_dir)}: given, but no images are read, "
                "accepted: with `quantize`=int8"
            )
