"""Flag files: `--flagfile=FILE`, one flag a line.

absl reads them too, but in the locale's encoding, and it waits for ever for a pipe.
"""

import codecs
import io
import os
import stat
from collections.abc import Iterator

from flags import path as path_flag
from snas_tf.errors import UserError

_FLAG = ("--flagfile", "-flagfile")
_LIMIT = 1 << 20  # bytes
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def expand(arguments: list[str], within: tuple[str, ...] = ()) -> list[str]:
    """Puts the flags of a file in the place of each --flagfile.

    Args:
        arguments: of the command line, or lines of a flag file.
        within: the flag files that these lines come from, outermost first.

    Raises:
        UserError: a file is none of text, can't be read, includes itself, or has a line that is
            no flag.
    """
    expanded: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, given, value = argument.partition("=")
        if argument == "--":
            return [*expanded, argument, *rest]
        if name in _FLAG:
            expanded += _flags_of(value if given else next(rest, ""), within)
        else:
            expanded.append(argument)
    return expanded


def _flags_of(argument: str, within: tuple[str, ...]) -> list[str]:
    try:
        path = path_flag.PathParser(shipped=True).parse(argument)
    except ValueError as error:
        raise UserError(f"--flagfile={argument}: {error}") from error
    real = os.path.realpath(path)
    if real in within:
        raise UserError(f"--flagfile={argument}: includes itself, accepted: files that do not")
    return expand(list(_lines(path, _read(path))), (*within, real))


def _read(path: str) -> str:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UserError(f"--flagfile={path}: not a regular file, accepted: a text file")
        with open(path, "rb") as file:
            content = file.read(_LIMIT + 1)
    except OSError as error:
        raise UserError(
            f"--flagfile={path}: {error.strerror}, accepted: a text file, or one of presets/"
        ) from error
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or len(content) > _LIMIT:
        raise UserError(
            f"--flagfile={path}: not a text file of flags, accepted: UTF-8 or, with a byte order "
            f"mark, UTF-16, at most {_LIMIT} bytes"
        )
    return text


def _lines(path: str, text: str) -> Iterator[str]:
    """The flags; blank lines and comments, which begin with # or //, are left out."""
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        line = line.strip()
        if not line or line.startswith(("#", "//")):
            continue
        if not line.startswith("-"):
            raise UserError(
                f"--flagfile={path}: line {number} is {line[:40]!r}, accepted: --NAME=VALUE, or a "
                "comment after #"
            )
        yield line
