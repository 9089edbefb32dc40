"""Flag files: `--flagfile=FILE`, one flag a line.

absl reads them too, but in the locale's encoding, and it waits forever for a pipe.
"""

import os
from collections.abc import Iterator

from snas_tf.errors import UserError, quote, shorten_path
from snas_tf.files import text_files

from . import path as path_flag

_FLAG = ("--flagfile", "-flagfile")


def expand(arguments: list[str], within: tuple[str, ...] = ()) -> list[str]:
    """Replace each --flagfile by the flags of its file.

    Args:
        arguments: arguments of the command line, or lines of a flag file.
        within: the flag files that these lines come from, outermost first.

    Raises:
        UserError: a file is no text or can't be read, includes itself, or has a line that is no
            flag.
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
    shown = f"--flagfile={shorten_path(argument)}"
    try:
        path = path_flag.PathParser(shipped=True).parse(argument)
    except ValueError as error:
        raise UserError(f"{shown}: {error}") from error
    try:
        text = text_files.read_text(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{shown}: {error}, accepted: a text file of flags") from error
    real = os.path.realpath(path)
    if real in within:
        raise UserError(f"{shown}: includes itself, accepted: files that do not")
    return expand(list(_lines(shown, text)), (*within, real))


def _lines(shown: str, text: str) -> Iterator[str]:
    """Yield the flags; blank lines and comments, which begin with # or //, are left out."""
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith(("#", "//")):
            continue
        if not line.startswith("-"):
            raise UserError(
                f"{shown}: line {number} is {quote(line)}, accepted: --NAME=VALUE, or a comment "
                "after #"
            )
        yield line
