"""Genotypes as JSON: the file that a search writes."""

import json
from typing import Any

from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.operations import ZERO
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS, SPACES
from snas_tf.errors import quote
from snas_tf.files.text_files import parse_json

VERSION = 1
_LAST_NODE = 31  # far beyond any published cell; protects from typing errors


def to_json(genotype: Genotype) -> str:
    """The genotype as versioned JSON text, one edge a line; its space where it is not DARTS'.

    A variant is not named: its genotypes are those of the space that it varies.
    """
    space = genotype.space
    kinds = ",\n".join(_cell_to_json(kind, genotype.cell(kind)) for kind in space.kinds)
    named = "" if space == DARTS else f'  "space": {json.dumps(space.name)},\n'
    return f'{{\n  "version": {VERSION},\n{named}{kinds}\n}}\n'


def _cell_to_json(kind: str, cell: CellGenotype) -> str:
    edges = ",\n".join(
        "      " + json.dumps([edge.source, edge.target, edge.operation]) for edge in cell.edges
    )
    edges = f"[\n{edges}\n    ]" if edges else "[]"
    return f'  "{kind}": {{\n    "edges": {edges},\n    "concat": {json.dumps(cell.concat)}\n  }}'


def from_json(text: str) -> Genotype:
    """Parse what `to_json` writes, strictly.

    Raises:
        ValueError: names the entry, what was received and what is accepted.
    """
    try:
        content = parse_json(text)
    except ValueError as error:
        raise ValueError(f"not a genotype: {error}") from error
    return from_content(content)


def from_content(content: Any) -> Genotype:
    """Check the content of a genotype file, and make a genotype.

    Raises:
        ValueError: names the entry, what was received and what is accepted.
    """
    space = _read_space(content)
    named = ("space",) if isinstance(content, dict) and "space" in content else ()
    _require_keys(content, "the genotype", ("version", *named, *space.kinds))
    if type(content["version"]) is not int or content["version"] != VERSION:
        raise ValueError(f"version: received {quote(content['version'])}, accepted: {VERSION}")
    cells = tuple(_cell_from_json(kind, content[kind], space) for kind in space.kinds)
    return Genotype(cells)


def _read_space(content: Any) -> SearchSpace:
    name = content.get("space", DARTS.name) if isinstance(content, dict) else DARTS.name
    if not isinstance(name, str) or name not in SPACES:
        raise ValueError(
            f"space: received {quote(name)}, accepted: {', '.join(SPACES)}, or what a `plugin` "
            "registers"
        )
    return SPACES[name]


def _cell_from_json(kind: str, content: Any, space: SearchSpace) -> CellGenotype:
    _require_keys(content, kind, ("edges", "concat"))
    for key in ("edges", "concat"):
        if not isinstance(content[key], list):
            raise ValueError(f"{kind}.{key}: received {quote(content[key])}, accepted: a list")
    edges = tuple(
        _edge_from_json(f"{kind}.edges[{index}]", entry, space)
        for index, entry in enumerate(content["edges"])
    )
    nodes = CellGenotype(edges, space.concat, space).nodes
    # Nodes in turn are those of a cell with more nodes, even if no edge enters the last of them.
    in_turn = tuple(range(space.num_inputs, space.num_inputs + len(content["concat"])))
    if content["concat"] == [*in_turn] and in_turn[-1:] <= (_LAST_NODE,):
        nodes = (*nodes, *in_turn[len(nodes) :])
    concat = _concat_from_json(kind, content["concat"], nodes)
    if space.skeleton.hands_on_one_node and concat != space.concat:
        raise ValueError(f"{kind}.concat: received {[*concat]}, accepted: {[*space.concat]}")
    return CellGenotype(edges, concat, space)


def _require_keys(content: Any, name: str, keys: tuple[str, ...]) -> None:
    if not isinstance(content, dict) or set(content) != set(keys):
        received = quote(sorted(content) if isinstance(content, dict) else content)
        raise ValueError(
            f"not a genotype: {name} must have exactly {', '.join(keys)}, received: {received}"
        )


def _edge_from_json(name: str, entry: Any, space: SearchSpace) -> Edge:
    if not isinstance(entry, list) or len(entry) != 3:
        raise ValueError(f"{name}: received {quote(entry)}, accepted: [source, target, operation]")
    source, target, operation = entry
    accepted = [name for name in space.known_operations if name != ZERO]
    if operation not in accepted:
        raise ValueError(
            f"{name}: unknown operation {quote(operation)}, accepted: {', '.join(accepted)}, or "
            "what a `plugin` registers"
        )
    if type(target) is not int or not space.num_inputs <= target <= _LAST_NODE:
        raise ValueError(
            f"{name}: target {quote(target)} is out of range, "
            f"accepted: {space.num_inputs} to {_LAST_NODE}"
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
