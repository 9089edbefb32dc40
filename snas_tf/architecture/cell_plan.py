"""The plan of each cell of a network: its position, channels and sizes."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from snas_tf.architecture import stems


@dataclasses.dataclass(frozen=True)
class CellPlan:
    """Position, channels and sizes of one cell of a network.

    Attributes:
        index: position of the cell, 0 for the first.
        kind: "normal" or "reduce".
        channels: channels C of each node of the cell.
        input_channels: channels of the outputs of cells k-2 and k-1, before the preprocess.
        input_size: (height, width) of the cell's inputs, after the preprocess.
        follows_reduction: cell k-1 halved the resolution, so the output of cell k-2 is still
            twice as large and its preprocess is a factorized reduction.
        output_nodes: how many nodes the cell's output concatenates.
    """

    index: int
    kind: str
    channels: int
    input_channels: tuple[int, ...]
    input_size: tuple[int, int]
    follows_reduction: bool
    output_nodes: int

    @property
    def num_inputs(self) -> int:
        """Inputs of the cell, which are its first nodes."""
        return len(self.input_channels)

    @property
    def output_channels(self) -> int:
        """Channels of the cell's output."""
        return self.output_nodes * self.channels

    @property
    def output_size(self) -> tuple[int, int]:
        """(height, width) of the intermediate nodes and of the cell's output."""
        return halve(self.input_size) if self.kind == "reduce" else self.input_size

    def stride(self, source: int) -> int:
        """Stride of every edge that leaves `source`: 2 next to the inputs of a reduction cell."""
        return 2 if self.kind == "reduce" and source < self.num_inputs else 1

    def node_size(self, node: int) -> tuple[int, int]:
        """(height, width) of a node."""
        return self.input_size if node < self.num_inputs else self.output_size

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "CellPlan":
        """Make a plan from its dict, with lists in place of tuples as JSON has them."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in config.items()
        }
        return cls(**values)


def halve(size: tuple[int, int]) -> tuple[int, int]:
    """Output (height, width) of any stride-2 operation: half, rounded up."""
    return math.ceil(size[0] / 2), math.ceil(size[1] / 2)


def reduction_positions(num_cells: int) -> frozenset[int]:
    """Indices of the reduction cells: 1/3 and 2/3 of the depth (Section 3.1)."""
    return frozenset({num_cells // 3, 2 * num_cells // 3})


def plan_cells(
    num_cells: int,
    init_channels: int,
    image_size: tuple[int, int],
    output_nodes: Mapping[str, int],
    stem: str,
) -> tuple[CellPlan, ...]:
    """Plan the cells of a network; see `SearchSpace.plan_network`."""
    if num_cells < 3:
        raise ValueError(f"num_cells must be at least 3, received: {num_cells}")
    if init_channels < 2 or init_channels % 2:
        raise ValueError(f"init_channels must be even and positive, received: {init_channels}")
    first, second = stems.convolutions(stem, init_channels)
    inputs = (first[-1].output_channels, (first + second)[-1].output_channels)
    size = size_stem(stem, init_channels, image_size)[-1][1]
    # If the stem continues after input 0, that is twice as large as input 1.
    channels, follows_reduction = init_channels, bool(second)
    plans = []
    for index in range(num_cells):
        kind = "reduce" if index in reduction_positions(num_cells) else "normal"
        channels *= 2 if kind == "reduce" else 1
        plan = CellPlan(index, kind, channels, inputs, size, follows_reduction, output_nodes[kind])
        plans.append(plan)
        inputs = (inputs[1], plan.output_channels)
        size, follows_reduction = plan.output_size, kind == "reduce"
    return tuple(plans)


def size_stem(
    stem: str, init_channels: int, size: tuple[int, int]
) -> list[tuple[stems.StemConvolution, tuple[int, int]]]:
    """List the convolutions of a stem with the (height, width) of their outputs."""
    sized = []
    for convolution in sum(stems.convolutions(stem, init_channels), ()):
        size = halve(size) if convolution.stride == 2 else size
        sized.append((convolution, size))
    return sized
