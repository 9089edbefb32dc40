"""The content of a TensorFlow Lite file."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from snas_tf import standard_error
from snas_tf.config import ExportConfig
from snas_tf.workflows.export_formats.serving import fixed_size
from snas_tf.workflows.trained_child import TrainedChild


@dataclasses.dataclass(frozen=True)
class TFLiteContent:
    """Content of a TensorFlow Lite file.

    Attributes:
        data: the bytes.
        figures: what was measured of it, by name.
    """

    data: bytes
    figures: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def make_converter(serve: Any, variables: Sequence[keras.Variable] = ()) -> tf.lite.TFLiteConverter:
    """Make a converter of a function that `fixed_size` has made.

    Args:
        serve: the function.
        variables: those of its network, unless they are constants.
    """
    # Without an object that holds the variables, the file would have no signature.
    holder = tf.Module()
    holder.held = [variable.value for variable in variables]
    return tf.lite.TFLiteConverter.from_concrete_functions([serve.get_concrete_function()], holder)


def convert(converter: tf.lite.TFLiteConverter) -> bytes:
    """Convert, without what the converter has to say on standard error."""
    with standard_error.silenced():
        return converter.convert()


def convert_to_float32(child: TrainedChild, config: ExportConfig) -> TFLiteContent:
    """Convert a network as it is."""
    serve = fixed_size(child.network.exported(), child.described)
    return TFLiteContent(convert(make_converter(serve, child.network.variables)))


def convert_to_float16(child: TrainedChild, config: ExportConfig) -> TFLiteContent:
    """Convert a network with weights of 16 bits; its maps have 32, or 16 where a GPU runs it."""
    serve = fixed_size(child.network.exported(), child.described)
    converter = make_converter(serve, child.network.variables)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return TFLiteContent(convert(converter))
