"""The cost of layers: parameters, multiply-adds, memory access.

Appendix F of the paper (Eq. 35 to 40), convolution by convolution, for the *child*: there every
normalization has a scale and an offset, so each adds two parameters a channel. "FLOPs" in the
paper are multiply-adds.
"""

import dataclasses
import operator
from collections.abc import Sequence

CRITERIA = ("parameters", "flops", "memory_access")
"""The three criteria of Appendix F; together they tell all kinds of operation apart."""

LATENCY = "latency"
"""A criterion that is measured: see `latency_table`."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost of a computation on one image.

    Attributes:
        parameters: trainable numbers.
        multiply_adds: those of convolutions and dense layers; what is published as "multiply-adds".
        pooling_flops: H W f k C of 3 x 3 poolings (Eq. 38).
        memory_access: numbers read and written: feature maps and kernels (Eq. 37, 40).
    """

    parameters: int = 0
    multiply_adds: int = 0
    pooling_flops: int = 0
    memory_access: int = 0

    @property
    def flops(self) -> int:
        """The paper's FLOPs: multiply-adds of convolutions and poolings (Eq. 36, 38)."""
        return self.multiply_adds + self.pooling_flops

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(*map(operator.add, vars(self).values(), vars(other).values()))

    def __mul__(self, times: int) -> "Cost":
        return Cost(*(times * value for value in vars(self).values()))


def total(costs: Sequence[Cost]) -> Cost:
    """The sum of costs."""
    return sum(costs, start=Cost())


def convolution(
    kernel_area: int,
    input_channels: int,
    output_channels: int,
    size: tuple[int, int],
    groups: int = 1,
) -> Cost:
    """A convolution without bias (Eq. 35 to 37).

    Args:
        kernel_area: f k, height times width of the kernel.
        input_channels: I.
        output_channels: O.
        size: (H, W) of the output.
        groups: g.
    """
    weights = kernel_area * input_channels * output_channels // groups
    area = size[0] * size[1]
    return Cost(
        parameters=weights,
        multiply_adds=area * weights,
        memory_access=area * (input_channels + output_channels) + weights,
    )


def normalization(channels: int) -> Cost:
    """A batch normalization's scale and offset; it is folded into a convolution when deployed."""
    return Cost(parameters=2 * channels)


def pointwise(input_channels: int, output_channels: int, size: tuple[int, int]) -> Cost:
    """A 1 x 1 convolution and its normalization."""
    return convolution(1, input_channels, output_channels, size) + normalization(output_channels)


def factorized_reduction(input_channels: int, output_channels: int, size: tuple[int, int]) -> Cost:
    """Two 1 x 1 convolutions to half the channels each, one normalization."""
    half = convolution(1, input_channels, output_channels // 2, size)
    return half * 2 + normalization(output_channels)
