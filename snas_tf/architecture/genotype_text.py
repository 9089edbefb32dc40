"""Genotypes as the tools of the DARTS family print them: a namedtuple's text.

    Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ...], normal_concat=range(2, 6),
             reduce=[...], reduce_concat=[2, 3, 4, 5])

Each pair is (operation, source). Either two pairs enter every node, from node 2 on; or there are 14
of them, one for each edge of the search space in its order, some of them `none`.
"""

import ast
from typing import Any

from snas_tf.architecture import genotype, space
from snas_tf.architecture.genotype import Genotype

_ACCEPTED = (
    "accepted: Genotype(normal=[(OPERATION, SOURCE), ...], normal_concat=..., reduce=..., ...)"
)
_KEYS = tuple(key for kind in space.KINDS for key in (kind, f"{kind}_concat"))
_LONGEST = 64  # so that no text asks for more memory than there is
_ALL_SOURCES = [source for source, _ in space.EDGES]


def from_text(text: str) -> Genotype:
    """Parses the printed namedtuple; what stands before and after it is passed over.

    Raises:
        ValueError: names the entry, what was received and what is accepted.
    """
    arguments = _arguments(text)
    content = {"version": genotype.VERSION}
    for kind in space.KINDS:
        edges = _edges(kind, arguments[kind])
        content[kind] = {"edges": edges, "concat": arguments[f"{kind}_concat"]}
    return genotype.from_content(content)


def _arguments(text: str) -> dict[str, list[Any]]:
    """The keyword arguments as lists, by name."""
    call = _call(text)
    values = {keyword.arg: _value(keyword.arg, keyword.value) for keyword in call.keywords}
    values |= {key: _value(key, node) for key, node in zip(_KEYS, call.args, strict=False)}
    if set(values) != set(_KEYS) or len(call.args) > len(_KEYS):
        raise ValueError(f"not a genotype: it has {', '.join(map(str, values))}; {_ACCEPTED}")
    return values


def _call(text: str) -> ast.Call:
    """The syntax tree of the first `Genotype(...)` of a text; nothing of it is run."""
    start = text.find("Genotype(")
    end = text.find(")", start)
    while 0 <= start < end:
        try:
            return ast.parse(text[start : end + 1], mode="eval").body
        except (SyntaxError, ValueError):
            end = text.find(")", end + 1)
    raise ValueError(f"not a genotype; {_ACCEPTED}")


def _value(name: str, node: ast.expr) -> list[Any]:
    """A list that is written out, or as range(START, STOP)."""
    try:
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "range":
            return list(range(*(ast.literal_eval(one) for one in node.args))[:_LONGEST])
        return list(ast.literal_eval(node))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{name}: received {ast.unparse(node)}, accepted: a list or range(START, STOP)"
        ) from error


def _edges(kind: str, pairs: list[Any]) -> list[list[Any]]:
    for index, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"{kind}[{index}]: received {pair!r}, accepted: (OPERATION, SOURCE)")
    if [source for _, source in pairs] == _ALL_SOURCES:
        targets = [target for _, target in space.EDGES]
    elif len(pairs) % 2 == 0:
        targets = [space.NUM_INPUTS + index // 2 for index in range(len(pairs))]
    else:
        raise ValueError(
            f"{kind}: received {len(pairs)} edges, accepted: two for each node, or all "
            f"{len(space.EDGES)} in order"
        )
    return [
        [source, target, operation]
        for (operation, source), target in zip(pairs, targets, strict=True)
        if operation != "none"
    ]
