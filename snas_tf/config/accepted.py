"""The values that the fields of a config accept, and how they are checked."""

import dataclasses
import functools
import math
import numbers
import os
import pathlib
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from snas_tf.errors import UserError, format_setting, quote

_NOUNS = {
    bool: "True or False",
    int: "an integer",
    float: "a number",
    str: "a text",
    pathlib.Path: "a path",
    tuple[str, ...]: "names",
}


@dataclasses.dataclass(frozen=True)
class Range:
    """Finite numbers between two bounds.

    Attributes:
        lowest: the lower bound.
        highest: the upper bound.
        above: whether the lower bound itself is left out.
        below: whether the upper bound itself is left out.
        even: whether only even numbers are accepted.
    """

    lowest: float
    highest: float = math.inf
    above: bool = False
    below: bool = False
    even: bool = False

    def __contains__(self, value: float) -> bool:
        """Whether a number is accepted."""
        return (
            math.isfinite(value)
            and (value > self.lowest if self.above else value >= self.lowest)
            and (value < self.highest if self.below else value <= self.highest)
            and not (self.even and value % 2)
        )

    def __str__(self) -> str:
        """Describe the range, such as "0 to less than 1"."""
        if math.isinf(self.highest):
            return f"{'>' if self.above else '>='} {self.lowest:g}"
        first = f"more than {_short(self.lowest)}" if self.above else _short(self.lowest)
        return f"{first} to {'less than ' * self.below}{_short(self.highest)}"


@dataclasses.dataclass(frozen=True)
class OneOf:
    """One of several names."""

    names: tuple[str, ...]

    def __contains__(self, value: str) -> bool:
        """Whether a name is accepted."""
        return value in self.names

    def __str__(self) -> str:
        """List the names."""
        return ", ".join(self.names)


@dataclasses.dataclass(frozen=True)
class Accepted:
    """The values that a field accepts.

    Attributes:
        kind: `bool`, `int`, `float`, `str`, `pathlib.Path` or `tuple[str, ...]`.
        optional: whether None is accepted too.
        rule: which values of this kind; None for all.
    """

    kind: type
    optional: bool = False
    rule: Range | OneOf | None = None

    @classmethod
    def from_annotation(cls, annotation: Any) -> "Accepted":
        """Read a field's annotation: a kind, or `Annotated[kind, rule]`; either with `| None`."""
        rule = None
        if typing.get_origin(annotation) is typing.Annotated:
            annotation, rule = typing.get_args(annotation)
        optional = isinstance(annotation, types.UnionType)
        kinds = typing.get_args(annotation) if optional else (annotation,)
        (kind,) = (one for one in kinds if one is not type(None))
        return cls(kind, type(None) in kinds, rule)

    def __str__(self) -> str:
        """Describe the values, such as "an integer, 3 to 200"."""
        if isinstance(self.rule, OneOf):
            return str(self.rule)
        noun = "an even number" if self.rule and self.rule.even else _NOUNS[self.kind]
        return noun if self.rule is None else f"{noun}, {self.rule}"

    def convert(self, value: Any) -> Any:
        """Return the value as the kind of the field.

        Numbers of NumPy become Python's. A `str` becomes a path, with the home directory in place
        of a leading `~`; a `pathlib.Path` stays as it is.

        Raises:
            ValueError: the value is not accepted.
        """
        if value is None and self.optional:
            return None
        converted: Any = _CONVERSIONS[self.kind](value)
        if self.rule is not None and converted not in self.rule:
            raise ValueError("unknown" if self.kind is str else "out of range")
        return converted


class Config:
    """A frozen dataclass whose fields are checked when it is created.

    Raises:
        UserError: a field has a value that it does not accept.
    """

    def __post_init__(self) -> None:
        """Check and convert every field."""
        accepted_by_name = accepted_values(type(self))  # type: ignore[arg-type]  # A class has a hash.
        for name, accepted in accepted_by_name.items():
            value = getattr(self, name)
            try:
                object.__setattr__(self, name, accepted.convert(value))
            except ValueError as error:
                none = ", or None" if accepted.optional else ""
                quoted = isinstance(value, str) and accepted.kind not in (str, pathlib.Path)
                setting = f"`{name}`={quote(value)}" if quoted else format_setting(name, value)
                raise UserError(f"{setting}: {error}, accepted: {accepted}{none}") from error


@functools.cache
def accepted_values(config_class: type[Any]) -> Mapping[str, Accepted]:
    """The values that each field of a `Config` accepts, by name."""
    hints = typing.get_type_hints(config_class, include_extras=True)
    return {
        field.name: Accepted.from_annotation(hints[field.name])
        for field in dataclasses.fields(config_class)
    }


def _short(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def _to_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither True nor False")
    return value


def _to_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ValueError("not an integer")
    return int(value)


def _to_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError("not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError("too large") from error


def _to_str(value: Any) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _to_names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError("not a list of names")
    return tuple(_to_str(name) for name in value)


def _to_path(value: Any) -> pathlib.Path:
    if isinstance(value, pathlib.Path):
        return value
    text = os.path.expanduser(value) if isinstance(value, str) else ""
    if not text or "\0" in text or text.startswith("~"):
        raise ValueError("not a path")
    return pathlib.Path(text)


_CONVERSIONS = {
    bool: _to_bool,
    int: _to_int,
    float: _to_float,
    str: _to_str,
    pathlib.Path: _to_path,
    tuple[str, ...]: _to_names,
}
