"""The specifications of what an input of a cell passes before its edges."""

import dataclasses
from collections.abc import Callable

from snas_tf.architecture import cost
from snas_tf.architecture.cost import Cost


@dataclasses.dataclass(frozen=True)
class PreprocessSpec:
    """Specification of a preprocess.

    Attributes:
        cost: from input channels, output channels and output (height, width) to the cost of
            running once on one image.
        layer: its subclass of `layers.base_operation.BaseOperation`, as "package.module:Class".
        stride: 2 where it halves the resolution.
    """

    cost: Callable[[int, int, tuple[int, int]], Cost]
    layer: str
    stride: int = 1


def _identity(input_channels: int, channels: int, size: tuple[int, int]) -> Cost:
    return Cost()


def _residual_block(input_channels: int, channels: int, size: tuple[int, int]) -> Cost:
    """The cost of two 3 x 3 convolutions, and of 2 x 2 pooling and a 1 x 1 one beside them."""
    pooling = Cost(pooling_flops=2 * 2 * input_channels * size[0] * size[1])
    return (
        cost.convolution(3 * 3, input_channels, channels, size)
        + cost.convolution(3 * 3, channels, channels, size)
        + cost.normalization(channels) * 2
        + pooling
        + cost.convolution(1, input_channels, channels, size)
    )


IDENTITY = "identity"
"""The preprocess that does nothing."""

PREPROCESSES = {
    IDENTITY: PreprocessSpec(_identity, "snas_tf.layers.projections:Identity"),
    "pointwise": PreprocessSpec(cost.pointwise, "snas_tf.layers.projections:PointwiseConvolution"),
    "factorized_reduction": PreprocessSpec(
        cost.factorized_reduction, "snas_tf.layers.projections:FactorizedReduction", stride=2
    ),
    "residual_block": PreprocessSpec(
        _residual_block, "snas_tf.layers.residual_block:ResidualBlock", stride=2
    ),
}
"""Every preprocess, by name."""
