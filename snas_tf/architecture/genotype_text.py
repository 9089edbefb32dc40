"""Genotypes as the tools of the DARTS family print them: a namedtuple's text.

    Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ...], normal_concat=range(2, 6),
             reduce=[...], reduce_concat=[2, 3, 4, 5])

Each pair is (operation, source). Either two pairs enter every node, from node 2 to the last that is
concatenated; or there are 14 of them, one for each edge of the search space in its order. Some of
them may be `none`.
"""

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from snas_tf.architecture import genotype_json
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.printed_call import parse_arguments
from snas_tf.architecture.spaces import DARTS
from snas_tf.errors import quote

_ACCEPTED = (
    "accepted: Genotype(normal=[(OPERATION, SOURCE), ...], normal_concat=..., reduce=..., ...)"
)
_KEYS = tuple(key for kind in DARTS.kinds for key in (kind, f"{kind}_concat"))
_ALL_SOURCES = [source for source, _ in DARTS.edges]
_CALL = re.compile(r"\bGenotype\s*+\(")
_DEFINITIONS = (["class"], ["def"])  # characters shown of a text without genotype
_ASSIGNED = re.compile(r"(?P<name>\w+)\s*=\s*(\\\n\s*)?(\w+\.)*$")
_LOOK_BACK = 100  # characters before a call that may hold its name
_MOST_NAMED = 6  # genotypes that a message lists


@dataclasses.dataclass(frozen=True)
class _Call:
    """Place of `Genotype(...)` in a text.

    Attributes:
        line: counted from 1.
        name: that it is assigned to; None where it is not.
        start: position of the opening parenthesis.
    """

    line: int
    name: str | None
    start: int

    def __str__(self) -> str:
        return f"{self.line} ({quote(self.name)[1:-1]})" if self.name else str(self.line)


def is_printed(text: str) -> bool:
    """Whether a text holds `Genotype(`."""
    return _CALL.search(text) is not None


def from_text(text: str, line: int | None = None, name: str | None = None) -> Genotype:
    """Parse the printed namedtuple; ignore the text around it.

    Args:
        text: may hold several genotypes, if they are equal or one of them is selected.
        line: select what begins on this line, counted from 1.
        name: select what is assigned to this name, as in `NAME = Genotype(...)`.

    Raises:
        ValueError: names the line and the entry, what was received and what is accepted.
    """
    calls = list(_calls(text))
    selected = [call for call in calls if line in (None, call.line) and name in (None, call.name)]
    if not selected:
        raise ValueError(_nothing(calls, line, name))
    found: dict[Genotype, _Call] = {}
    for call in selected:
        try:
            found.setdefault(_parse(text, call.start), call)
        except ValueError as error:
            others = "; FILE:LINE selects another" if len(selected) > 1 else ""
            raise ValueError(f"line {call.line}: {error}{others}") from error
    if len(found) > 1:
        raise ValueError(
            f"{len(found)} genotypes that differ, on lines {_listed(list(found.values()))}; "
            f"accepted: one of them, as FILE:{[*found.values()][-1].line} or as FILE#NAME"
        )
    return next(iter(found))


def _calls(text: str) -> Iterator[_Call]:
    line, counted = 1, 0
    for match in _CALL.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        before = text[max(0, match.start() - _LOOK_BACK) : match.start()]
        if before.rpartition("\n")[2].split() not in _DEFINITIONS:
            assigned = _ASSIGNED.search(before) if "=" in before else None
            yield _Call(line, assigned and assigned["name"], match.end() - 1)


def _nothing(calls: list[_Call], line: int | None, name: str | None) -> str:
    if not calls:
        return f"not a genotype; {_ACCEPTED}"
    where = f"on line {line}" if name is None else f"with the name {quote(name)}"
    return f"no genotype {where}; accepted: those on lines {_listed(calls)}"


def _listed(calls: list[_Call]) -> str:
    """The lines of the calls, the last one always among them."""
    shown = list(map(str, calls))
    if len(shown) > _MOST_NAMED:
        shown[_MOST_NAMED - 1 : -1] = ["..."]
    return ", ".join(shown)


def _parse(text: str, start: int) -> Genotype:
    arguments, _ = parse_arguments(text, start, _KEYS)
    if set(arguments) != set(_KEYS):
        raise ValueError(f"not a genotype: it has {quote([*arguments])}; {_ACCEPTED}")
    for key, value in arguments.items():
        if not isinstance(value, list):
            raise ValueError(f"{key}: received {quote(value)}, accepted: a list")
    normal, reduce = (len(arguments[kind]) for kind in DARTS.kinds)
    if normal != reduce:
        raise ValueError(f"normal has {normal} pairs and reduce {reduce}, accepted: as many")
    content: dict[str, Any] = {"version": genotype_json.VERSION}
    for kind in DARTS.kinds:
        concat = arguments[f"{kind}_concat"]
        content[kind] = {"edges": _edges(kind, arguments[kind], concat), "concat": concat}
    return genotype_json.from_content(content)


def _edges(kind: str, pairs: list[Any], concat: list[Any]) -> list[list[Any]]:
    for index, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(
                f"{kind}[{index}]: received {quote(pair)}, accepted: (OPERATION, SOURCE)"
            )
    return [
        [source, target, operation]
        for (operation, source), target in zip(pairs, _targets(kind, pairs, concat), strict=True)
        if operation != "none"
    ]


def _targets(kind: str, pairs: list[Any], concat: list[Any]) -> list[int]:
    """Return the node that each pair enters."""
    if [source for _, source in pairs] == _ALL_SOURCES:
        return [target for _, target in DARTS.edges]
    last = max((node for node in concat if isinstance(node, int)), default=DARTS.num_inputs)
    expected = 2 * max(0, last + 1 - DARTS.num_inputs)
    if len(pairs) != expected:
        raise ValueError(
            f"{kind}: received {len(pairs)} pairs, where the last node of {kind}_concat is {last}; "
            f"accepted: two for each node up to that, {expected}, or all {len(DARTS.edges)} edges "
            "in order"
        )
    return [DARTS.num_inputs + index // 2 for index in range(len(pairs))]
