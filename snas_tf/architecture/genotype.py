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
        space: the search space. A published cell may have other operations, more nodes, or a
            source twice.
    """

    edges: tuple[Edge, ...]
    concat: tuple[int, ...] = DARTS.intermediate_nodes
    space: SearchSpace = DARTS

    @property
    def nodes(self) -> tuple[int, ...]:
        """The intermediate nodes: those of the search space, and as many more as edges enter."""
        last = max([self.space.num_nodes - 1, *(edge.target for edge in self.edges)])
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

    def one_hot(self) -> dict[str, np.ndarray]:
        """The genotype as a one-hot Z, float32 [edges, operations] for each kind.

        Raises:
            ValueError: it leaves the search space.
        """
        return {kind: _one_hot_cell(self.cell(kind), self.space) for kind in self.space.kinds}


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
    return CellGenotype(edges, space.concat, space)


def derive_strongest(
    probabilities: Mapping[str, np.ndarray], space: SearchSpace = DARTS
) -> Genotype:
    """Derive the child of DARTS: the strongest edges into each node (Liu et al., 2019).

    The strength of an edge is the largest probability of an operation other than zero, which is
    the operation it keeps. Of equally strong edges the first ones are kept. Where the space sets no
    number of edges, or has no zero operation, each edge keeps its most probable operation.

    Args:
        probabilities: for each kind, [edges, operations].
        space: search space of these edges and operations.
    """
    if space.kept_inputs is None or space.zero is None:
        return derive(probabilities, space)
    scores = {kind: _keep_strongest(probabilities[kind], space) for kind in space.kinds}
    return derive(scores, space)


def _keep_strongest(probabilities: np.ndarray, space: SearchSpace) -> np.ndarray:
    """Make zero the best of all operations but on the strongest edges into each node."""
    scores = np.array(probabilities)
    scores[:, space.zero] = -np.inf
    strength = scores.max(axis=1)
    for target in space.intermediate_nodes:
        entering = [row for row, edge in enumerate(space.edges) if edge[1] == target]
        weakest = sorted(entering, key=lambda row: -strength[row])[space.kept_inputs :]
        scores[weakest, space.zero] = np.inf
    return scores


def _one_hot_cell(cell: CellGenotype, space: SearchSpace) -> np.ndarray:
    chosen = {(edge.source, edge.target): edge.operation for edge in cell.edges}
    if not (
        len(chosen) == len(cell.edges)
        and chosen.keys() <= {*space.edges}
        and {*chosen.values()} <= {*space.operations}
    ):
        raise ValueError(f"the cell leaves the search space {space.name}, received: {cell}")
    columns = [space.operations.index(chosen.get(edge, ZERO)) for edge in space.edges]
    return np.eye(len(space.operations), dtype=np.float32)[columns]


def count_operations(cell: CellGenotype) -> dict[str, int]:
    """Count the edges of a cell's search space by what they have: a sign of collapse.

    Returns:
        "zeros" (edges that are dropped), "skips", "poolings" and "convolutions".
    """
    families = [cell.space.operation(edge.operation).family for edge in cell.edges]
    skips, poolings = families.count("skip"), families.count("pooling")
    return {
        "zeros": len(cell.space.edges) - len(families),
        "skips": skips,
        "poolings": poolings,
        "convolutions": len(families) - skips - poolings,
    }


def describe_collapse(cell: CellGenotype) -> str | None:
    """Describe how a cell has collapsed; None if it has not."""
    if not cell.edges:
        return "every edge is zero"
    if not any(cell.space.operation(edge.operation).has_kernels for edge in cell.edges):
        return "every live edge is a skip or a pooling"
    return None
