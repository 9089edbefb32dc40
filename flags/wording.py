"""Messages of the library in the words of the command line: fields of configs become flags."""

import functools
import io
import re
from logging import LogRecord

from absl import flags, logging

from . import modes, training

_SETTING = re.compile(r"(?<![^\s(,;])`(\w+)`(?:=(\w*))?")
"""`name`, or `name`=value, where a word begins: a path may hold such a text too."""

_RENAMED = {"kind": "mode", "file_format": "format"}
"""Flags that are not called like the field."""


def to_flags(text: str) -> str:
    """Replace each setting in backticks by its flag, as in --batch_size=512.

    A name that no mode has as a flag stays as it is. True and False become --NAME and --noNAME.
    """
    return _SETTING.sub(_to_flag, text)


def _to_flag(match: re.Match[str]) -> str:
    name, value = _RENAMED.get(match[1], match[1]), match[2]
    if name != "mode" and name not in _flag_names():
        return match[0]
    if value in ("True", "False") and _flag_names()[name]:
        return f"--{name}" if value == "True" else f"--no{name}"
    if (name, value) == ("init_channels", "0"):
        value = training.AUTO
    return f"--{name}" if value is None else f"--{name}={value}"


@functools.cache
def _flag_names() -> dict[str, bool]:
    """Return every flag of every mode, and whether it is boolean."""
    defined = [mode.define(flags.FlagValues()) for mode in modes.MODES.values()]
    return {name: bool(values[name].boolean) for values in defined for name in values}


class FlagFormatter(logging.PythonFormatter):
    """Formats log messages as absl does, in the words of the command line."""

    def format(self, record: LogRecord) -> str:
        """Format a record."""
        return to_flags(super().format(record))


class FlagStream(io.TextIOWrapper):
    """A stream that writes in the words of the command line."""

    def write(self, text: str) -> int:
        """Write a text, and return its length."""
        return super().write(to_flags(text))
