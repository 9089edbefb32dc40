"""The parts of a network, whose latencies add up to its own."""

import dataclasses
from collections.abc import Collection

from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.operations import ZERO, OperationSpec
from snas_tf.architecture.preprocess import IDENTITY, PREPROCESSES
from snas_tf.architecture.search_space import NetworkPlan, SearchSpace

OPERATION, PREPROCESS, STEM = "operation", "preprocess", "stem"
CONCATENATION, CLASSIFIER = "concatenation", "classifier"
KINDS = (OPERATION, PREPROCESS, STEM, CONCATENATION, CLASSIFIER)


@dataclasses.dataclass(frozen=True, order=True)
class Part:
    """A computation that takes the same time wherever it is in a network.

    Attributes:
        kind: one of `KINDS`.
        name: of the operation, of the preprocess, or of the stem; else the kind.
        input_channels: channels of its input, of each input of a concatenation.
        channels: channels of its output; of a classifier, the number of classes.
        size: (height, width) of its input.
        stride: 2 for an operation or a preprocess that halves the resolution; else 1.
    """

    kind: str
    name: str
    input_channels: int
    channels: int
    size: tuple[int, int]
    stride: int = 1

    def __str__(self) -> str:
        """Describe the part in a few words."""
        name = self.name if self.name == self.kind else f"{self.kind} {self.name}"
        stride = f", stride {self.stride}" if self.stride > 1 else ""
        channels = f"{self.input_channels} to {self.channels} channels"
        return f"{name}, {channels}, {self.size[0]} x {self.size[1]}{stride}"


def edge_part(operation: OperationSpec, plan: CellPlan, source: int) -> Part | None:
    """Return the part of an operation on an edge that leaves `source`; None for zero.

    It includes the sum over the edges that enter a node.
    """
    if operation.name == ZERO:
        return None
    size, stride = plan.node_size(source), plan.stride(source)
    return Part(OPERATION, operation.name, plan.channels, plan.channels, size, stride)


def cell_parts(plan: CellPlan, inputs: Collection[int] | None = None) -> list[Part]:
    """List what a cell has besides its edges: preprocess layers and concatenation.

    Args:
        plan: plan of the cell.
        inputs: those that are used; None for all.
    """
    parts = [
        _preprocess_part(name, channels, plan)
        for index, (name, channels) in enumerate(
            zip(plan.preprocess, plan.input_channels, strict=True)
        )
        if name != IDENTITY and (inputs is None or index in inputs)
    ]
    if plan.output_nodes > 1:
        channels = plan.channels, plan.output_channels
        parts.append(Part(CONCATENATION, CONCATENATION, *channels, plan.output_size))
    return parts


def _preprocess_part(name: str, input_channels: int, plan: CellPlan) -> Part:
    # The plan has the size behind the preprocess; an odd side before it counts as the next even
    # one.
    stride = PREPROCESSES[name].stride
    size = (stride * plan.input_size[0], stride * plan.input_size[1])
    return Part(PREPROCESS, name, input_channels, plan.channels, size, stride)


def end_parts(network_plan: NetworkPlan, num_classes: int) -> list[Part]:
    """List the parts outside of the cells: the stem and the classifier."""
    channels, last = network_plan.make_stem().output_channels[1], network_plan[-1]
    return [
        Part(STEM, network_plan.stem, 3, channels, network_plan.image_size),
        Part(CLASSIFIER, CLASSIFIER, last.output_channels, num_classes, last.output_size),
    ]


def edge_parts(space: SearchSpace, plan: CellPlan) -> list[list[Part | None]]:
    """List the part of each [edge][operation] of a cell."""
    return [
        [edge_part(operation, plan, source) for operation in space.candidates]
        for source, _ in space.edges
    ]


def distinct_parts(network_plan: NetworkPlan, num_classes: int) -> list[Part]:
    """List every part that some child of the search space has, once."""
    stem, classifier = end_parts(network_plan, num_classes)
    rows = [row for plan in network_plan for row in edge_parts(network_plan.space, plan)]
    edges = [part for row in rows for part in row if part is not None]
    between = [part for plan in network_plan for part in cell_parts(plan)]
    return [*dict.fromkeys([stem, *between, *edges, classifier])]
