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
    """

    cost: Callable[[int, int, tuple[int, int]], Cost]
    layer: str


PREPROCESSES = {
    "pointwise": PreprocessSpec(cost.pointwise, "snas_tf.layers.projections:PointwiseConvolution"),
    "factorized_reduction": PreprocessSpec(
        cost.factorized_reduction, "snas_tf.layers.projections:FactorizedReduction"
    ),
}
"""Every preprocess, by name."""
