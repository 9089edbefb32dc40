"""Cells as NAS-Bench-201 writes them: the operation of every edge, grouped by target.

    |nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|

Each entry is OPERATION~SOURCE; the groups are of the intermediate nodes in turn.
"""

import itertools
from collections.abc import Iterator

from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.operations import ZERO
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import NASBENCH201
from snas_tf.errors import quote


def is_edge_text(text: str) -> bool:
    """Whether a text begins as a cell does."""
    return text.lstrip().startswith("|")


def to_text(genotype: Genotype) -> str:
    """Write the cell of a genotype.

    Raises:
        ValueError: the search space has several kinds of cell, or the cell has other edges.
    """
    space = genotype.space
    (cell,) = genotype.cells
    chosen = {(edge.source, edge.target): edge.operation for edge in cell.edges}
    if len(chosen) < len(cell.edges) or not chosen.keys() <= {*space.edges}:
        raise ValueError(f"the cell has other edges than {space.name}, received: {cell.edges}")
    return _form(space).format(*(chosen.get(edge, ZERO) for edge in space.edges))


def all_texts(space: SearchSpace) -> Iterator[str]:
    """Yield every cell of a search space with one kind of cell."""
    form = _form(space)
    for chosen in itertools.product(space.operations, repeat=len(space.edges)):
        yield form.format(*chosen)


def _form(space: SearchSpace) -> str:
    """The text of a cell, with {} for the operation of each edge."""
    groups = [
        "".join(f"|{{}}~{source}" for source in range(target)) + "|"
        for target in space.intermediate_nodes
    ]
    return "+".join(groups)


def from_text(text: str, space: SearchSpace = NASBENCH201) -> Genotype:
    """Read a cell.

    Args:
        text: the cell; white space around it is ignored.
        space: a search space with one kind of cell.

    Raises:
        ValueError: names the node or the entry, what was received and what is accepted.
    """
    groups = text.strip().split("+")
    if len(groups) != space.num_intermediate:
        raise ValueError(
            f"received {len(groups)} nodes, separated by +, accepted: {space.num_intermediate}"
        )
    edges: list[Edge] = []
    for target, group in zip(space.intermediate_nodes, groups, strict=True):
        edges += _read_group(group, target, space)
    return Genotype((CellGenotype(tuple(edges), space.concat, space),))


def _read_group(group: str, target: int, space: SearchSpace) -> list[Edge]:
    """Read the edges into one node; those of zero are left out."""
    entries = group.split("|")
    if len(entries) != target + 2 or entries[0] or entries[-1]:
        form = "".join(f"|OPERATION~{source}" for source in range(target)) + "|"
        raise ValueError(f"node {target}: received {quote(group)}, accepted: {form}")
    edges = []
    for source, entry in enumerate(entries[1:-1]):
        operation, _, written = entry.partition("~")
        if operation not in space.known_operations or written != str(source):
            raise ValueError(
                f"node {target}: received {quote(entry)}, accepted: OPERATION~{source}, the "
                f"operation one of {', '.join(space.known_operations)}"
            )
        if operation != ZERO:
            edges.append(Edge(source, target, operation))
    return edges
