"""Files of latency tables: JSON, a part a line."""

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

from snas_tf.architecture import spaces, stems
from snas_tf.architecture.latency_table import RUNTIMES, LatencyTable, Timing
from snas_tf.architecture.network_parts import KINDS, Part
from snas_tf.errors import UserError, quote, shorten_path
from snas_tf.files.text_files import parse_json, read_text

_VERSION = 1


def to_json(table: LatencyTable) -> str:
    """Convert a table to JSON text, one part a line."""
    left_out = ("timings", "source", "digest")
    head = {
        field.name: getattr(table, field.name)
        for field in dataclasses.fields(table)
        if field.name not in left_out
    }
    lines = [f'  "version": {_VERSION}']
    lines += [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    parts = [
        f"    {json.dumps({**dataclasses.asdict(part), **dataclasses.asdict(timing)})}"
        for part, timing in table.timings.items()
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
    "version": (str(_VERSION), lambda value: type(value) is int and value == _VERSION),
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
