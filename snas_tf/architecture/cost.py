"""What operations, cells and networks cost: parameters, multiply-adds, memory access.

Appendix F of the paper (Eq. 35 to 40), convolution by convolution, for the *child*: there every
normalisation has a scale and an offset, so each adds two parameters a channel. "FLOPs" in the
paper are multiply-adds.
"""

import dataclasses
import operator
from collections.abc import Mapping, Sequence

import numpy as np

from snas_tf.architecture import space
from snas_tf.architecture.genotype import Cell, Genotype

CRITERIA = ("parameters", "operations", "memory_access")
"""The three criteria of Appendix F; together they tell all kinds of operation apart."""

_KERNEL_SIZE = {
    "sep_conv_3x3": 3,
    "sep_conv_5x5": 5,
    "sep_conv_7x7": 7,
    "dil_conv_3x3": 3,
    "dil_conv_5x5": 5,
}


@dataclasses.dataclass(frozen=True)
class Cost:
    """The cost of something that runs once on one image.

    Attributes:
        parameters: trainable numbers.
        multiply_adds: of convolutions and dense layers; what is published as "multiply-adds".
        pooling_operations: H W f k C of 3 x 3 poolings (Eq. 38).
        memory_access: numbers read and written: feature maps and kernels (Eq. 37, 40).
    """

    parameters: int = 0
    multiply_adds: int = 0
    pooling_operations: int = 0
    memory_access: int = 0

    @property
    def operations(self) -> int:
        """The paper's FLOPs: multiply-adds of convolutions and poolings (Eq. 36, 38)."""
        return self.multiply_adds + self.pooling_operations

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
    """A batch normalisation's scale and offset; it is folded into a convolution when deployed."""
    return Cost(parameters=2 * channels)


def pointwise(input_channels: int, output_channels: int, size: tuple[int, int]) -> Cost:
    """A 1 x 1 convolution and its normalisation."""
    return convolution(1, input_channels, output_channels, size) + normalization(output_channels)


def factorized_reduction(input_channels: int, output_channels: int, size: tuple[int, int]) -> Cost:
    """Two 1 x 1 convolutions to half the channels each, one normalisation."""
    half = convolution(1, input_channels, output_channels // 2, size)
    return half * 2 + normalization(output_channels)


def operation(name: str, channels: int, stride: int, size: tuple[int, int]) -> Cost:
    """One operation on one edge.

    Args:
        name: one of `space.OPERATIONS` or `space.EXTRA_OPERATIONS`.
        channels: channels of input and output.
        stride: 1 or 2.
        size: (height, width) of the input.
    """
    if name == "conv_7x1_1x7":
        return _wide_then_tall(channels, stride, size)
    size = space.halved(size) if stride == 2 else size
    moved = Cost(memory_access=2 * channels * size[0] * size[1])
    if name == "none":
        return Cost()
    if name == "skip_connect":
        return factorized_reduction(channels, channels, size) if stride == 2 else moved
    if name in ("max_pool_3x3", "avg_pool_3x3"):
        pooling = Cost(pooling_operations=size[0] * size[1] * 3 * 3 * channels)
        return pooling + moved + normalization(channels)
    depthwise = convolution(_KERNEL_SIZE[name] ** 2, channels, channels, size, groups=channels)
    once = depthwise + pointwise(channels, channels, size)
    return once * 2 if name.startswith("sep") else once


def _wide_then_tall(channels: int, stride: int, size: tuple[int, int]) -> Cost:
    """A 1 x 7 convolution, strided along its width, a 7 x 1 one along its height, one BN."""
    output = space.halved(size) if stride == 2 else size
    wide = convolution(7, channels, channels, (size[0], output[1]))
    return wide + convolution(7, channels, channels, output) + normalization(channels)


def cell_costs(plan: space.CellPlan) -> list[list[Cost]]:
    """The cost of each [edge = 14][operation = 8] of a cell."""
    return [
        [
            operation(name, plan.channels, plan.stride(source), plan.node_size(source))
            for name in space.OPERATIONS
        ]
        for source, _ in space.EDGES
    ]


def summed(plans: Sequence[space.CellPlan], attribute: str) -> dict[str, np.ndarray]:
    """One number of `Cost` for each kind [edges = 14, operations = 8], over the kind's cells."""
    costs = {
        kind: [cell_costs(plan) for plan in plans if plan.kind == kind] for kind in space.KINDS
    }
    return {
        kind: np.sum(
            [[[getattr(cost, attribute) for cost in row] for row in cell] for cell in costs[kind]],
            axis=0,
            dtype=np.float64,
        )
        for kind in space.KINDS
    }


def costs_by_kind(plans: Sequence[space.CellPlan]) -> dict[str, dict[str, np.ndarray]]:
    """For each kind and criterion [edges = 14, operations = 8], summed over the cells of the kind.

    The sum over a one-hot Z is what the edges of that child cost in this very network.
    """
    by_criterion = {criterion: summed(plans, criterion) for criterion in CRITERIA}
    return {
        kind: {criterion: by_criterion[criterion][kind] for criterion in CRITERIA}
        for kind in space.KINDS
    }


def normalized(
    costs: Mapping[str, Mapping[str, np.ndarray]], weights: Mapping[str, float] | None = None
) -> dict[str, np.ndarray]:
    """The penalty's C(O) for each kind [edges = 14, operations = 8] (Eq. 10).

    Each criterion is divided by its value for the dearest child of the network, then the three
    are averaged: the C(Z) of any child lies between 0 and 1, so a weight means the same for every
    depth, width and resolution.

    Args:
        costs: from `costs_by_kind`.
        weights: of each criterion in the average, only their ratio counts; default: equal.
    """
    largest = {
        criterion: sum(costs[kind][criterion].max(axis=1).sum() for kind in space.KINDS)
        for criterion in CRITERIA
    }
    shares = None if weights is None else [weights[name] for name in CRITERIA]
    return {
        kind: np.average(
            [costs[kind][name] / largest[name] for name in CRITERIA], axis=0, weights=shares
        )
        for kind in space.KINDS
    }


def preprocess(plan: space.CellPlan) -> Cost:
    """Both preprocess layers of a cell: they exist also where no edge uses one."""
    first, second = plan.input_channels
    reduce = factorized_reduction if plan.follows_reduction else pointwise
    return reduce(first, plan.channels, plan.input_size) + pointwise(
        second, plan.channels, plan.input_size
    )


def stem(plans: space.NetworkPlan) -> Cost:
    """What comes before the first cell: 3 x 3 convolutions and their normalisations."""
    return total(
        [
            convolution(3 * 3, one.input_channels, one.output_channels, size)
            + normalization(one.output_channels)
            for one, size in plans.stem_convolutions()
        ]
    )


def classifier(plans: Sequence[space.CellPlan], num_classes: int) -> Cost:
    """The dense layer, with its bias, on the global average of the last cell."""
    weights = convolution(1, plans[-1].output_channels, num_classes, (1, 1))
    return weights + Cost(parameters=num_classes)


def surroundings(plans: space.NetworkPlan, num_classes: int) -> Cost:
    """Everything that no edge decides: stem, preprocess layers and classifier."""
    return total(
        [stem(plans), *(preprocess(plan) for plan in plans), classifier(plans, num_classes)]
    )


def edges(cell: Cell, plan: space.CellPlan) -> Cost:
    """The live edges of a cell, those that leave a node without input included, as in C(Z)."""
    return total(
        [
            operation(
                edge.operation,
                plan.channels,
                plan.stride(edge.source),
                plan.node_size(edge.source),
            )
            for edge in cell.edges
        ]
    )


def child(genotype: Genotype, plans: space.NetworkPlan, num_classes: int) -> Cost:
    """The whole child network of a genotype."""
    cells = [edges(genotype.cell(plan.kind), plan) for plan in plans]
    return total([surroundings(plans, num_classes), *cells])
