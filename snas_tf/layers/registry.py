"""The layers of operations and preprocesses."""

import pkgutil
from typing import Any

import keras

from snas_tf.architecture.operations import OperationSpec
from snas_tf.layers.base_operation import BaseOperation


def layer_class(operation: OperationSpec) -> type[BaseOperation]:
    """Return the layer of an operation; that of a skip connection is for stride 2.

    Raises:
        TypeError: it is no class that derives from `BaseOperation`.
    """
    layer: Any = operation.layer
    layer = pkgutil.resolve_name(layer) if isinstance(layer, str) else layer
    if not (isinstance(layer, type) and issubclass(layer, BaseOperation)):
        raise TypeError(
            f"operation {operation.name!r}: received the layer {layer!r}, accepted: a class that "
            "derives from snas_tf.layers.base_operation.BaseOperation"
        )
    return layer


def create_layer(
    operation: OperationSpec,
    count: int,
    channels: int,
    affine: bool = False,
    dtype: keras.DTypePolicy | None = None,
) -> BaseOperation:
    """Make the layer of an operation for `count` edges, with a policy of Keras or its default."""
    layer, arguments = layer_class(operation), operation.arguments
    return layer(count, channels, affine=affine, name=operation.name, dtype=dtype, **arguments)
