"""The candidate operations, and those of published cells besides, by name."""

from snas_tf.layers.base_operation import Operation
from snas_tf.layers.convolutions import (
    DilatedConvolution,
    SeparableConvolution,
    WideThenTallConvolution,
)
from snas_tf.layers.pooling import AveragePooling, MaxPooling
from snas_tf.layers.projections import FactorizedReduction

_CLASSES: dict[str, tuple[type[Operation], dict[str, int]]] = {
    "max_pool_3x3": (MaxPooling, {}),
    "avg_pool_3x3": (AveragePooling, {}),
    "sep_conv_3x3": (SeparableConvolution, {"kernel_size": 3}),
    "sep_conv_5x5": (SeparableConvolution, {"kernel_size": 5}),
    "sep_conv_7x7": (SeparableConvolution, {"kernel_size": 7}),
    "dil_conv_3x3": (DilatedConvolution, {"kernel_size": 3}),
    "dil_conv_5x5": (DilatedConvolution, {"kernel_size": 5}),
    "conv_7x1_1x7": (WideThenTallConvolution, {}),
    "skip_connect": (FactorizedReduction, {}),
}


def create(name: str, count: int, channels: int, affine: bool = False) -> Operation:
    """The layer of a candidate for `count` edges; a skip connection has one at stride 2 only."""
    layer, arguments = _CLASSES[name]
    return layer(count, channels, affine=affine, name=name, **arguments)


def class_of(name: str) -> type[Operation]:
    """The class whose `apply` runs a candidate."""
    return _CLASSES[name][0]
