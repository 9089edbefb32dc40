"""The layers of the operations, by name."""

import pkgutil
from typing import Any

from snas_tf.architecture.operations import OPERATIONS
from snas_tf.layers.base_operation import BaseOperation


def layer_class(name: str) -> type[BaseOperation]:
    """Return the layer of an operation; that of a skip connection is for stride 2."""
    layer: Any = OPERATIONS[name].layer
    return pkgutil.resolve_name(layer) if isinstance(layer, str) else layer


def create_layer(name: str, count: int, channels: int, affine: bool = False) -> BaseOperation:
    """Make the layer of an operation for `count` edges."""
    arguments = OPERATIONS[name].arguments
    return layer_class(name)(count, channels, affine=affine, name=name, **arguments)
