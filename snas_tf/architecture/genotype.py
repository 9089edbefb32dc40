"""The genotype: the discrete cells that a search finds.

A genotype lists explicit (source, target, operation) edges, so a node may have any number of
inputs, none included, and may use one source twice. It is the only result of
a search that other modes use.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from snas_tf.architecture.operations import ZERO
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS


@dataclasses.dataclass(frozen=True, order=True)
class Edge:
    """One live edge of a cell: node `target` receives `operation` applied to node `source`."""

    source: int
    target: int
    operation: str


@dataclasses.dataclass(frozen=True)
class CellGenotype:
    """The live edges of one kind of cell, and the nodes that its output concatenates.

    A node that no edge enters is dead: its value is zero.

    Attributes:
        edges: the live edges.
        concat: the nodes that are concatenated.
        space: the search space; where a variant was searched, the space that it varies. A cell
            may have operations that are no candidates, other nodes, or a source twice.
    """

    edges: tuple[Edge, ...]
    concat: tuple[int, ...] = DARTS.intermediate_nodes
    space: SearchSpace = DARTS

    @property
    def nodes(self) -> tuple[int, ...]:
        """The intermediate nodes, up to the last that an edge enters or the output has."""
        last = max([*self.concat, *(edge.target for edge in self.edges)])
        return tuple(range(self.space.num_inputs, last + 1))


@dataclasses.dataclass(frozen=True)
class Genotype:
    """A cell of each kind.

    Attributes:
        cells: in the order of the search space's kinds.
    """

    cells: tuple[CellGenotype, ...]

    @property
    def space(self) -> SearchSpace:
        """The search space of the cells."""
        return self.cells[0].space

    def cell(self, kind: str) -> CellGenotype:
        """The cell of a kind, such as "normal" or "reduce"."""
        return self.cells[self.space.kinds.index(kind)]

    @property
    def output_nodes(self) -> dict[str, int]:
        """Number of nodes that the cells of each kind concatenate."""
        return {kind: len(self.cell(kind).concat) for kind in self.space.kinds}

    def one_hot(self, space: SearchSpace | None = None) -> dict[str, np.ndarray]:
        """The genotype as a one-hot Z, float32 [edges, operations] for each kind.

        An edge that is dropped has the zero operation; where there is none, its row is 0.

        Args:
            space: the space that was searched: that of the genotype, or a variant.

        Raises:
            ValueError: it leaves the search space.
        """
        space = space or self.space
        return {kind: _one_hot_cell(self.cell(kind), space) for kind in self.space.kinds}


def derive(log_alpha: Mapping[str, np.ndarray], space: SearchSpace = DARTS) -> Genotype:
    """Derive the child: the most probable of all operations on every edge (Section 2.1).

    An edge whose most probable operation is `none` is dropped. There is no rule on the number of
    edges a node keeps: that topology is the search's own decision (Section 2.4).

    Args:
        log_alpha: for each kind, logits [edges, operations].
        space: search space of these edges and operations.

    Returns:
        The cells, without the edges that are dropped.

    Raises:
        ValueError: logits of another shape.
    """
    return Genotype(tuple(_derive_cell(np.asarray(log_alpha[kind]), space) for kind in space.kinds))


def _derive_cell(log_alpha: np.ndarray, space: SearchSpace) -> CellGenotype:
    if log_alpha.shape != space.shape:
        raise ValueError(f"log_alpha must have shape {space.shape}, received: {log_alpha.shape}")
    chosen = [space.operations[column] for column in log_alpha.argmax(axis=1)]
    edges = tuple(
        Edge(source, target, operation)
        for (source, target), operation in zip(space.edges, chosen, strict=True)
        if operation != ZERO
    )
    return CellGenotype(edges, space.concat, space.base)


def derive_strongest(
    probabilities: Mapping[str, np.ndarray], space: SearchSpace = DARTS
) -> Genotype:
    """Derive the child of DARTS: the strongest edges into each node (Liu et al., 2019).

    The strength of an edge is the largest probability of an operation other than zero, which is
    the operation it keeps. Of equally strong edges the first ones are kept. Where the space sets no
    number of edges, each edge keeps its most probable operation.

    Args:
        probabilities: for each kind, [edges, operations].
        space: search space of these edges and operations.
    """
    if space.kept_inputs is None:
        return derive(probabilities, space)
    cells = (_derive_strongest_cell(np.array(probabilities[kind]), space) for kind in space.kinds)
    return Genotype(tuple(cells))


def _derive_strongest_cell(scores: np.ndarray, space: SearchSpace) -> CellGenotype:
    if space.zero is not None:
        scores[:, space.zero] = -np.inf
    strength, kept = scores.max(axis=1), set()
    for target in space.intermediate_nodes:
        entering = [row for row, edge in enumerate(space.edges) if edge[1] == target]
        kept |= {*sorted(entering, key=lambda row: -strength[row])[: space.kept_inputs]}
    edges = tuple(
        Edge(*edge, space.operations[scores[row].argmax()])
        for row, edge in enumerate(space.edges)
        if row in kept
    )
    return CellGenotype(edges, space.concat, space.base)


def _one_hot_cell(cell: CellGenotype, space: SearchSpace) -> np.ndarray:
    chosen = {(edge.source, edge.target): edge.operation for edge in cell.edges}
    if not (
        len(chosen) == len(cell.edges)
        and chosen.keys() <= {*space.edges}
        and {*chosen.values()} <= {*space.operations}
    ):
        raise ValueError(f"the cell leaves the search space {space.name}, received: {cell}")
    columns = {name: column for column, name in enumerate(space.operations)}
    z = np.zeros(space.shape, np.float32)
    for row, edge in enumerate(space.edges):
        column = columns.get(chosen.get(edge, ZERO))
        z[row, [] if column is None else column] = 1
    return z


def count_operations(cell: CellGenotype, space: SearchSpace | None = None) -> dict[str, int]:
    """Count the edges of a search space by what they have in a cell: a sign of collapse.

    Args:
        cell: the cell.
        space: the space that was searched: that of the cell, or a variant.

    Returns:
        "zeros" (edges that are dropped), "skips", "poolings" and "convolutions".
    """
    operations = [cell.space.operation(edge.operation) for edge in cell.edges]
    families = [operation.family for operation in operations]
    return {
        "zeros": len((space or cell.space).edges) - len(families),
        "skips": families.count("skip"),
        "poolings": families.count("pooling"),
        "convolutions": sum(operation.has_kernels for operation in operations),
    }


def describe_collapse(cell: CellGenotype) -> str | None:
    """Describe how a cell has collapsed; None if it has not."""
    if not cell.edges:
        return "every edge is zero"
    if not any(cell.space.operation(edge.operation).has_kernels for edge in cell.edges):
        return "every live edge is a skip or a pooling"
    return None
