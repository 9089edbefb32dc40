"""The latency table: how long each part of a network takes on a machine, and its file."""

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

from snas_tf.architecture import spaces, stems
from snas_tf.architecture.network_parts import KINDS, Part
from snas_tf.architecture.search_space import NetworkPlan, SearchSpace
from snas_tf.errors import UserError, quote, shorten_path
from snas_tf.files.text_files import parse_json, read_text

VERSION = 1
RUNTIMES = ("tensorflow", "litert")


@dataclasses.dataclass(frozen=True)
class Timing:
    """Milliseconds over several rounds.

    Attributes:
        median: half of the rounds took less.
        lower, upper: a quarter of the rounds took less, or more.
    """

    median: float
    lower: float
    upper: float

    @property
    def spread(self) -> float:
        """The distance of the quartiles, as a share of the median."""
        return (self.upper - self.lower) / self.median


@dataclasses.dataclass(frozen=True)
class LatencyTable:
    """The latencies of the parts of one network, and of all that are made of these.

    Attributes:
        space: name of the search space.
        num_cells: size of the network in cells, as the space's skeleton counts them.
        init_channels: channels of its first cell.
        image_size: side of its images, in pixels.
        num_classes: classes of the images.
        stem: one of `stems.NAMES`.
        runtime: what ran the parts; one of `RUNTIMES`.
        threads: threads that it had.
        machine: what ran it, in words, by name.
        call: milliseconds of a call of a network besides those of its parts.
        node: milliseconds, besides those of the edges, of a node that sums two edges or more; may
            be negative.
        timings: of each part.
        source: the file, for messages.
        digest: SHA-256 of the file's text.
    """

    space: str
    num_cells: int
    init_channels: int
    image_size: int
    num_classes: int
    stem: str
    runtime: str
    threads: int
    machine: Mapping[str, str]
    call: float
    node: float
    timings: Mapping[Part, Timing]
    source: str = ""
    digest: str = ""

    def latency(self, part: Part | None) -> float:
        """Return the milliseconds of a part; 0 where there is none.

        Raises:
            UserError: the table lacks the part.
        """
        if part is None:
            return 0.0
        if part not in self.timings:
            raise UserError(
                f"{shorten_path(self.source)}: has no entry of {part}, accepted: the table of a "
                "network with this part"
            )
        return self.timings[part].median

    def plan(
        self, space: SearchSpace, output_nodes: Mapping[str, int] | None = None
    ) -> NetworkPlan:
        """Plan the network of the table with cells of a search space."""
        size = (self.image_size, self.image_size)
        return space.plan_network(
            self.num_cells, self.init_channels, size, output_nodes, stem=self.stem
        )

    def describe(self) -> str:
        """Describe where the latencies are from, in a line."""
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        return f"{self.runtime}, {threads}, {self.machine.get('processor', 'unknown processor')}"

    def to_json(self) -> str:
        """Convert to JSON text, one part a line."""
        left_out = ("timings", "source", "digest")
        head = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in left_out
        }
        lines = [f'  "version": {VERSION}']
        lines += [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
        parts = [
            f"    {json.dumps({**dataclasses.asdict(part), **dataclasses.asdict(timing)})}"
            for part, timing in self.timings.items()
        ]
        lines.append('  "parts": [\n' + ",\n".join(parts) + "\n  ]")
        return "{\n" + ",\n".join(lines) + "\n}\n"


def read(path: str | os.PathLike[str]) -> LatencyTable:
    """Read the file of a table, strictly.

    Raises:
        UserError: it is missing, damaged or no latency table; names the file and the entry.
    """
    try:
        text = read_text(path)
        table = _from_content(parse_json(text))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{shorten_path(path)}: no latency table ({error}), accepted: a file that "
            "`kind`=latency has written"
        ) from error
    digest = hashlib.sha256(text.encode()).hexdigest()
    return dataclasses.replace(table, source=os.fspath(path), digest=digest)


def _from_content(content: Any) -> LatencyTable:
    _check_entries("the table", content, _HEAD)
    parts = content["parts"]
    if not isinstance(parts, list):
        raise ValueError(f"parts: received {quote(parts)}, accepted: a list")
    timings: dict[Part, Timing] = {}
    for index, entry in enumerate(parts):
        part, timing = _read_part(f"parts[{index}]", entry)
        if part in timings:
            raise ValueError(f"parts[{index}]: {part} comes twice")
        timings[part] = timing
    head = {name: value for name, value in content.items() if name not in ("version", "parts")}
    return LatencyTable(timings=timings, **head)


def _read_part(name: str, entry: Any) -> tuple[Part, Timing]:
    _check_entries(name, entry, _PART)
    timing = Timing(*(float(entry[field.name]) for field in dataclasses.fields(Timing)))
    if not timing.lower <= timing.median <= timing.upper:
        raise ValueError(f"{name}: received {quote(entry)}, accepted: lower <= median <= upper")
    key: dict[str, Any] = {field.name: entry[field.name] for field in dataclasses.fields(Part)}
    return Part(**{**key, "size": tuple(key["size"])}), timing


_Entries = Mapping[str, tuple[str, Callable[[Any], bool]]]


def _check_entries(where: str, content: Any, entries: _Entries) -> None:
    """Check that an object has exactly some entries, and what each of them holds."""
    if not isinstance(content, dict):
        raise ValueError(f"{where}: received {quote(content)}, accepted: an object")
    prefix = "" if entries is _HEAD else f"{where}."
    unknown = sorted(content.keys() - entries.keys())
    if unknown:
        raise ValueError(f"unknown entry {prefix}{quote(unknown[0])}")
    for name, (accepted, is_accepted) in entries.items():
        if name not in content:
            raise ValueError(f"{prefix}{name} is missing")
        if not is_accepted(content[name]):
            received = quote(content[name])
            raise ValueError(f"{prefix}{name}: received {received}, accepted: {accepted}")


def _one_of(names: tuple[str, ...]) -> tuple[str, Callable[[Any], bool]]:
    return f"one of {', '.join(names)}", lambda value: value in names


def _whole(least: int, most: int) -> tuple[str, Callable[[Any], bool]]:
    def is_accepted(value: Any) -> bool:
        return type(value) is int and least <= value <= most

    return f"a whole number, {least} to {most}", is_accepted


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


_TEXT = ("a text", lambda value: isinstance(value, str) and value.isprintable())
_POSITIVE = ("a number > 0", lambda value: _is_number(value) and value > 0)
_NUMBER = ("a number", _is_number)
_CHANNELS = _whole(1, 1_000_000)
_HEAD: _Entries = {
    "version": (str(VERSION), lambda value: type(value) is int and value == VERSION),
    "space": (
        f"one of {', '.join(spaces.SPACES)}",
        lambda value: isinstance(value, str) and value in spaces.SPACES,
    ),
    "num_cells": _whole(1, 200),
    "init_channels": ("an even number, 2 to 4096", lambda value: _is_width(value)),
    "image_size": _whole(8, 4096),
    "num_classes": _whole(2, 1_000_000),
    "stem": _one_of(stems.NAMES),
    "runtime": _one_of(RUNTIMES),
    "threads": _whole(1, 1024),
    "machine": (
        "texts by name",
        lambda value: isinstance(value, dict) and all(map(_TEXT[1], value.values())),
    ),
    "call": _NUMBER,
    "node": _NUMBER,
    "parts": ("a list", lambda value: isinstance(value, list)),
}
"""For each entry of the file what is accepted, in words and as a check."""

_PART: _Entries = {
    "kind": _one_of(KINDS),
    "name": _TEXT,
    "input_channels": _CHANNELS,
    "channels": _CHANNELS,
    "size": (
        "[height, width]",
        lambda value: isinstance(value, list) and len(value) == 2 and all(map(_is_side, value)),
    ),
    "stride": _whole(1, 2),
    "median": _POSITIVE,
    "lower": _NUMBER,
    "upper": _POSITIVE,
}
"""The same for each of its parts."""


def _is_side(value: Any) -> bool:
    return type(value) is int and value > 0


def _is_width(value: Any) -> bool:
    return type(value) is int and 2 <= value <= 4096 and value % 2 == 0
