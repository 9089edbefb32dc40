"""The file formats of an export; each is one module and one entry."""

from collections.abc import Callable, Mapping
from typing import Any

from snas_tf.config import ExportConfig
from snas_tf.workflows.export_formats import keras_file, onnx_file, saved_model, tflite
from snas_tf.workflows.trained_child import TrainedChild

FORMATS: Mapping[str, Callable[[TrainedChild, ExportConfig], dict[str, Any]]] = {
    "saved_model": saved_model.write,
    "keras": keras_file.write,
    "tflite": tflite.write,
    "onnx": onnx_file.write,
}
"""For each format what writes it, and returns "path", "bytes" and what was measured."""
