"""The plan of a cell of a network: its position, channels and sizes."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class CellPlan:
    """Position, channels and sizes of one cell of a network.

    Attributes:
        index: position of the cell, 0 for the first.
        kind: one of the search space's kinds, such as "normal" or "reduce".
        channels: channels C of each node of the cell.
        input_channels: channels of the outputs that the cell reads, the newest last, before the
            preprocess.
        input_size: (height, width) of the cell's inputs, after the preprocess.
        preprocess: what each input passes first; names of `preprocess.PREPROCESSES`.
        output_nodes: how many nodes the cell's output concatenates.
        input_stride: stride of the edges that leave the inputs: 2 in a reduction cell.
    """

    index: int
    kind: str
    channels: int
    input_channels: tuple[int, ...]
    input_size: tuple[int, int]
    preprocess: tuple[str, ...]
    output_nodes: int
    input_stride: int = 1

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
        return halve(self.input_size) if self.input_stride == 2 else self.input_size

    def stride(self, source: int) -> int:
        """Stride of every edge that leaves `source`."""
        return self.input_stride if source < self.num_inputs else 1

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
