"""The search space: operations, the edges of a cell's graph, and the plan of a network of cells.

Section 2.1 and Appendix G.1 of the paper. Every cell is a directed acyclic graph of 7 nodes:
two inputs (0 and 1), four intermediate nodes (2 to 5) and an output that concatenates the
intermediate ones. Each pair (i, j) with i < j and j intermediate is an edge.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from snas_tf.architecture import stems

OPERATIONS = (
    "none",
    "skip_connect",
    "max_pool_3x3",
    "avg_pool_3x3",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""The 8 candidates, in the order of the columns of log alpha; `none` is the zero operation."""

EXTRA_OPERATIONS = ("sep_conv_7x7", "conv_7x1_1x7")
"""What published cells of other searches use besides."""

NUM_INPUTS = 2
NUM_INTERMEDIATE = 4
NUM_NODES = NUM_INPUTS + NUM_INTERMEDIATE
INTERMEDIATE_NODES = tuple(range(NUM_INPUTS, NUM_NODES))

EDGES = tuple((source, target) for target in INTERMEDIATE_NODES for source in range(target))
"""The 14 edges (source, target), in the order of the rows of log alpha."""

KINDS = ("normal", "reduce")
"""The two kinds of cell; all cells of a kind share one distribution."""


@dataclasses.dataclass(frozen=True)
class CellPlan:
    """Where one cell stands in the network, and the sizes of what flows through it.

    Attributes:
        index: position of the cell, 0 for the first.
        kind: "normal" or "reduce".
        channels: channels C of each node of the cell.
        input_channels: channels of the outputs of cells k-2 and k-1, before the preprocess.
        input_size: (height, width) of nodes 0 and 1, after the preprocess.
        follows_reduction: cell k-1 halved the resolution, so the output of cell k-2 is still
            twice as large and its preprocess is a factorised reduction.
        output_nodes: how many nodes the cell's output concatenates.
    """

    index: int
    kind: str
    channels: int
    input_channels: tuple[int, int]
    input_size: tuple[int, int]
    follows_reduction: bool
    output_nodes: int = NUM_INTERMEDIATE

    @property
    def output_channels(self) -> int:
        """Channels of the cell's output."""
        return self.output_nodes * self.channels

    @property
    def output_size(self) -> tuple[int, int]:
        """(height, width) of nodes 2 to 5 and of the cell's output."""
        return halved(self.input_size) if self.kind == "reduce" else self.input_size

    def stride(self, source: int) -> int:
        """Stride of every edge that leaves `source`: 2 next to the inputs of a reduction cell."""
        return 2 if self.kind == "reduce" and source < NUM_INPUTS else 1

    def node_size(self, node: int) -> tuple[int, int]:
        """(height, width) of a node."""
        return self.input_size if node < NUM_INPUTS else self.output_size


def halved(size: tuple[int, int]) -> tuple[int, int]:
    """Output (height, width) of any stride-2 operation: half, rounded up."""
    return math.ceil(size[0] / 2), math.ceil(size[1] / 2)


def reduction_positions(num_cells: int) -> frozenset[int]:
    """Indices of the reduction cells: 1/3 and 2/3 of the depth (Section 3.1)."""
    return frozenset({num_cells // 3, 2 * num_cells // 3})


@dataclasses.dataclass(frozen=True)
class NetworkPlan(Sequence):
    """A network of cells: a sequence of their plans, first to last, and what comes before them.

    Attributes:
        stem: one of `stems.NAMES`.
        init_channels: channels C of the first cell.
        image_size: (height, width) of the images.
        cells: the plans of the cells.
    """

    stem: str
    init_channels: int
    image_size: tuple[int, int]
    cells: tuple[CellPlan, ...]

    def __getitem__(self, index: Any) -> Any:
        """The plan of a cell, or of several."""
        return self.cells[index]

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.cells)

    def stem_convolutions(self) -> list[tuple[stems.StemConvolution, tuple[int, int]]]:
        """Every convolution of the stem with the (height, width) of its output."""
        return _with_sizes(self.stem, self.init_channels, self.image_size)


def _with_sizes(
    stem: str, init_channels: int, size: tuple[int, int]
) -> list[tuple[stems.StemConvolution, tuple[int, int]]]:
    found = []
    for convolution in sum(stems.convolutions(stem, init_channels), ()):
        size = halved(size) if convolution.stride == 2 else size
        found.append((convolution, size))
    return found


def plan_network(
    num_cells: int,
    init_channels: int,
    image_size: tuple[int, int],
    output_nodes: Mapping[str, int] | None = None,
    stem: str = "cifar",
) -> NetworkPlan:
    """Plans a network.

    Args:
        num_cells: number of cells, at least 3.
        init_channels: channels C of the first cell, even; doubled by each reduction cell.
        image_size: (height, width) of the images.
        output_nodes: for each kind, how many nodes its cells concatenate; the search space's 4
            where not given.
        stem: one of `stems.NAMES`.

    Raises:
        ValueError: fewer than 3 cells, channels that are odd or not positive, an unknown stem.
    """
    if num_cells < 3:
        raise ValueError(f"num_cells must be at least 3, received: {num_cells}")
    if init_channels < 2 or init_channels % 2:
        raise ValueError(f"init_channels must be even and positive, received: {init_channels}")
    output_nodes = output_nodes or dict.fromkeys(KINDS, NUM_INTERMEDIATE)
    first, second = stems.convolutions(stem, init_channels)
    inputs = (first[-1].output_channels, (first + second)[-1].output_channels)
    size = _with_sizes(stem, init_channels, image_size)[-1][1]
    # Where the stem goes on after input 0, that is still twice as large as input 1.
    channels, follows_reduction = init_channels, bool(second)
    plans = []
    for index in range(num_cells):
        kind = "reduce" if index in reduction_positions(num_cells) else "normal"
        channels *= 2 if kind == "reduce" else 1
        plan = CellPlan(index, kind, channels, inputs, size, follows_reduction, output_nodes[kind])
        plans.append(plan)
        inputs = (inputs[1], plan.output_channels)
        size, follows_reduction = plan.output_size, kind == "reduce"
    return NetworkPlan(stem, init_channels, image_size, tuple(plans))
