"""The export of a trained child as a TensorFlow Lite file."""

from collections.abc import Callable, Mapping
from typing import Any

from snas_tf.config import ExportConfig
from snas_tf.workflows.export_formats import metadata, tflite_content
from snas_tf.workflows.export_formats.int8 import convert_to_int8
from snas_tf.workflows.export_formats.tflite_content import TFLiteContent
from snas_tf.workflows.trained_child import TrainedChild

_CONVERSIONS: Mapping[str | None, Callable[[TrainedChild, ExportConfig], TFLiteContent]] = {
    None: tflite_content.convert_to_float32,
    "float16": tflite_content.convert_to_float16,
    "int8": convert_to_int8,
}
"""By `ExportConfig.quantize`."""


def write(child: TrainedChild, config: ExportConfig) -> dict[str, Any]:
    """Write `model.tflite`, or `model_int8.tflite` and the like: one image to its probabilities.

    Raises:
        UserError: images to calibrate with can't be read.
    """
    content = _CONVERSIONS[config.quantize](child, config)
    described = metadata.describe(child, config, batch=1, **content.figures)
    name = f"model_{config.quantize}" if config.quantize else "model"
    path = child.run.path / f"{name}.tflite"
    written = metadata.replace(path, described, lambda one: one.write_bytes(content.data))
    return {**written, **content.figures}
