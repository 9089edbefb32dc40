"""The genotype: the discrete cells that a search finds, and their JSON form.

A genotype lists explicit (source, target, operation) edges, so a node may have any number of
inputs, none included, and may use one source twice. It is the only thing that crosses from a
search to the other modes.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from snas_tf.architecture import space
from snas_tf.errors import quote
from snas_tf.files.text_files import parse_json

VERSION = 1
_OPERATIONS = tuple(name for name in (*space.OPERATIONS, *space.EXTRA_OPERATIONS) if name != "none")
_LAST_NODE = 31  # far beyond any published cell; a typing error is not a thousand dead nodes


@dataclasses.dataclass(frozen=True, order=True)
class Edge:
    """One live edge of a cell: node `target` receives `operation` applied to node `source`."""

    source: int
    target: int
    operation: str


@dataclasses.dataclass(frozen=True)
class Cell:
    """The live edges of one kind of cell, and the nodes that its output concatenates.

    A node that no edge enters is dead: it is all zeros, wherever it goes.
    """

    edges: tuple[Edge, ...]
    concat: tuple[int, ...] = space.INTERMEDIATE_NODES

    def inputs_of(self, target: int) -> tuple[Edge, ...]:
        """The edges that enter node `target`."""
        return tuple(edge for edge in self.edges if edge.target == target)

    @property
    def nodes(self) -> tuple[int, ...]:
        """The intermediate nodes: those of the search space, and as many more as edges enter."""
        last = max([space.NUM_NODES - 1, *(edge.target for edge in self.edges)])
        return tuple(range(space.NUM_INPUTS, last + 1))


@dataclasses.dataclass(frozen=True)
class Genotype:
    """A normal and a reduction cell."""

    normal: Cell
    reduce: Cell

    def cell(self, kind: str) -> Cell:
        """The cell of a kind, "normal" or "reduce"."""
        return {"normal": self.normal, "reduce": self.reduce}[kind]

    @property
    def output_nodes(self) -> dict[str, int]:
        """For each kind, how many nodes its cells concatenate."""
        return {kind: len(self.cell(kind).concat) for kind in space.KINDS}


def derive(log_alpha: Mapping[str, np.ndarray]) -> Genotype:
    """The child: the most probable of all 8 operations on every edge (Section 2.1).

    An edge whose most probable operation is `none` is dropped. There is no rule on the number of
    edges a node keeps: that topology is the search's own decision (Section 2.4).

    Args:
        log_alpha: for each kind, logits [edges = 14, operations = 8].
    """
    return Genotype(**{kind: _derive_cell(np.asarray(log_alpha[kind])) for kind in space.KINDS})


def _derive_cell(log_alpha: np.ndarray) -> Cell:
    expected = (len(space.EDGES), len(space.OPERATIONS))
    if log_alpha.shape != expected:
        raise ValueError(f"log_alpha must have shape {expected}, received: {log_alpha.shape}")
    chosen = [space.OPERATIONS[column] for column in log_alpha.argmax(axis=1)]
    return Cell(
        tuple(
            Edge(source, target, operation)
            for (source, target), operation in zip(space.EDGES, chosen, strict=True)
            if operation != "none"
        )
    )


def collapse(cell: Cell) -> str | None:
    """How a cell has collapsed, in words, or None while it computes something."""
    if not cell.edges:
        return "every edge is zero"
    if all(edge.operation in ("skip_connect", *_POOLS) for edge in cell.edges):
        return "every live edge is a skip or a pooling"
    return None


_POOLS = ("max_pool_3x3", "avg_pool_3x3")


def to_json(genotype: Genotype) -> str:
    """The genotype as versioned JSON text, one edge a line."""
    kinds = ",\n".join(_cell_to_json(kind, genotype.cell(kind)) for kind in space.KINDS)
    return f'{{\n  "version": {VERSION},\n{kinds}\n}}\n'


def _cell_to_json(kind: str, cell: Cell) -> str:
    edges = ",\n".join(
        "      " + json.dumps([edge.source, edge.target, edge.operation]) for edge in cell.edges
    )
    edges = f"[\n{edges}\n    ]" if edges else "[]"
    return f'  "{kind}": {{\n    "edges": {edges},\n    "concat": {json.dumps(cell.concat)}\n  }}'


def from_json(text: str) -> Genotype:
    """Parses what `to_json` writes, strictly.

    Raises:
        ValueError: names the entry, what was received and what is accepted.
    """
    try:
        content = parse_json(text)
    except ValueError as error:
        raise ValueError(f"not a genotype: {error}") from error
    return from_content(content)


def from_content(content: Any) -> Genotype:
    """Checks what was read from JSON, or from another form of text, and makes a genotype of it.

    Raises:
        ValueError: names the entry, what was received and what is accepted.
    """
    _require_keys(content, "the genotype", ("version", *space.KINDS))
    if type(content["version"]) is not int or content["version"] != VERSION:
        raise ValueError(f"version: received {quote(content['version'])}, accepted: {VERSION}")
    return Genotype(**{kind: _cell_from_json(kind, content[kind]) for kind in space.KINDS})


def _cell_from_json(kind: str, content: Any) -> Cell:
    _require_keys(content, kind, ("edges", "concat"))
    for key in ("edges", "concat"):
        if not isinstance(content[key], list):
            raise ValueError(f"{kind}.{key}: received {quote(content[key])}, accepted: a list")
    edges = tuple(
        _edge_from_json(f"{kind}.edges[{index}]", entry)
        for index, entry in enumerate(content["edges"])
    )
    return Cell(edges, _concat_from_json(kind, content["concat"], Cell(edges).nodes))


def _require_keys(content: Any, name: str, keys: tuple[str, ...]) -> None:
    if not isinstance(content, dict) or set(content) != set(keys):
        received = quote(sorted(content) if isinstance(content, dict) else content)
        raise ValueError(
            f"not a genotype: {name} must have exactly {', '.join(keys)}, received: {received}"
        )


def _edge_from_json(name: str, entry: Any) -> Edge:
    if not isinstance(entry, list) or len(entry) != 3:
        raise ValueError(f"{name}: received {quote(entry)}, accepted: [source, target, operation]")
    source, target, operation = entry
    if operation not in _OPERATIONS:
        raise ValueError(
            f"{name}: unknown operation {quote(operation)}, accepted: {', '.join(_OPERATIONS)}"
        )
    if type(target) is not int or not space.NUM_INPUTS <= target <= _LAST_NODE:
        raise ValueError(
            f"{name}: target {quote(target)} is out of range, "
            f"accepted: {space.NUM_INPUTS} to {_LAST_NODE}"
        )
    if type(source) is not int or not 0 <= source < target:
        raise ValueError(
            f"{name}: source {quote(source)} does not come before target {target}, "
            f"accepted: 0 to {target - 1}"
        )
    return Edge(source, target, operation)


def _concat_from_json(kind: str, concat: list[Any], nodes: tuple[int, ...]) -> tuple[int, ...]:
    for index, node in enumerate(concat):
        if type(node) is not int or node not in nodes:
            raise ValueError(
                f"{kind}.concat[{index}]: node {quote(node)} does not exist, "
                f"accepted: {nodes[0]} to {nodes[-1]}"
            )
    if not concat or len(set(concat)) != len(concat):
        raise ValueError(f"{kind}.concat: received {quote(concat)}, accepted: distinct nodes")
    return tuple(concat)
