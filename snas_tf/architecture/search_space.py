"""The search space: the graph of a cell, its candidate operations, and networks of such cells."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from snas_tf.architecture import stems
from snas_tf.architecture.cell_plan import CellPlan, plan_cells, size_stem
from snas_tf.architecture.operations import OPERATIONS, ZERO


@dataclasses.dataclass(frozen=True)
class SearchSpace:
    """A search space: the graph of a cell, and its candidate operations.

    A cell is a directed acyclic graph: its inputs come first, then its intermediate nodes, and each
    pair (source, target) with source < target and target intermediate is an edge. Its output
    concatenates the intermediate nodes.

    Args:
        name: name of the space.
        operations: names of the candidates in `operations.OPERATIONS`, in the order of the columns
            of log alpha.
        kinds: the kinds of cell; all cells of a kind share one distribution.
        num_inputs: inputs of a cell.
        num_intermediate: its intermediate nodes.

    Raises:
        ValueError: an unknown operation, fewer than two, or a count that is not positive.
    """

    name: str
    operations: tuple[str, ...]
    kinds: tuple[str, ...] = ("normal", "reduce")
    num_inputs: int = 2
    num_intermediate: int = 4

    def __post_init__(self) -> None:
        unknown = [name for name in self.operations if name not in OPERATIONS]
        if unknown or len(set(self.operations)) < max(2, len(self.operations)):
            raise ValueError(
                f"operations: received {self.operations}, accepted: two or more of "
                f"{', '.join(OPERATIONS)}, none twice"
            )
        if self.num_inputs < 1 or self.num_intermediate < 1:
            raise ValueError(
                "a cell needs at least 1 input and 1 intermediate node, received: "
                f"num_inputs={self.num_inputs}, num_intermediate={self.num_intermediate}"
            )

    @property
    def num_nodes(self) -> int:
        """Inputs and intermediate nodes."""
        return self.num_inputs + self.num_intermediate

    @property
    def intermediate_nodes(self) -> tuple[int, ...]:
        """The nodes that edges enter."""
        return tuple(range(self.num_inputs, self.num_nodes))

    @functools.cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """The edges (source, target), in the order of the rows of log alpha."""
        return tuple(
            (source, target) for target in self.intermediate_nodes for source in range(target)
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Shape [edges, operations] of log alpha and of a draw Z."""
        return len(self.edges), len(self.operations)

    @property
    def zero(self) -> int | None:
        """The column of the zero operation, which drops an edge; None where there is none."""
        return self.operations.index(ZERO) if ZERO in self.operations else None

    def plan_network(
        self,
        num_cells: int,
        init_channels: int,
        image_size: tuple[int, int],
        output_nodes: Mapping[str, int] | None = None,
        stem: str = "cifar",
    ) -> "NetworkPlan":
        """Plan a network of this space's cells.

        Args:
            num_cells: number of cells, at least 3.
            init_channels: channels C of the first cell, even; doubled by each reduction cell.
            image_size: (height, width) of the images.
            output_nodes: for each kind, how many nodes its cells concatenate; all intermediate
                nodes where not given.
            stem: one of `stems.NAMES`.

        Raises:
            ValueError: fewer than 3 cells, channels that are odd or not positive, an unknown stem.
        """
        output_nodes = output_nodes or dict.fromkeys(self.kinds, self.num_intermediate)
        cells = plan_cells(num_cells, init_channels, image_size, output_nodes, stem)
        return NetworkPlan(self, stem, init_channels, image_size, cells)


@dataclasses.dataclass(frozen=True)
class NetworkPlan(Sequence):
    """The plan of a network: a sequence of the plans of its cells, and its stem.

    Attributes:
        space: search space of the cells.
        stem: one of `stems.NAMES`.
        init_channels: channels C of the first cell.
        image_size: (height, width) of the images.
        cells: the plans of the cells.
    """

    space: SearchSpace
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
        return size_stem(self.stem, self.init_channels, self.image_size)
