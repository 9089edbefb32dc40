"""Flags that are paths: `~` is expanded, and unusable names are refused."""

import errno
import os
import pathlib
import sys

from absl import flags

ROOT = pathlib.Path(__file__).resolve().parent.parent
"""Where presets/ and docs/ are: the checkout, or the package where it is installed."""

_LONGEST = 255  # bytes of a name
_UNUSABLE = (errno.ENAMETOOLONG, errno.EACCES, errno.ELOOP)


def define(values: flags.FlagValues, name: str, meaning: str, *, shipped: bool = False) -> None:
    """Define a flag that is a path; the default is none.

    Args:
        values: what it is defined in.
        name: name of the flag.
        meaning: help.
        shipped: such files come with the program, see `find`.
    """
    flags.DEFINE(PathParser(shipped), name, None, meaning, values)


class PathParser(flags.ArgumentParser):
    """A path, checked before anything is created.

    Args:
        shipped: such files come with the program, see `find`.
    """

    syntactic_help = "a path"

    def __init__(self, shipped: bool = False) -> None:
        super().__init__()
        self._shipped = shipped

    def parse(self, argument: str) -> str:
        """Return the path with the home directory in place of `~` or `~user`.

        Raises:
            ValueError: there is no such user, or no such path can be.
        """
        path = os.path.expanduser(argument)
        if path.startswith("~"):
            raise ValueError(f"no such user, accepted: a path; ./{path} for a name with a tilde")
        if not path:
            raise ValueError("empty, accepted: a path")
        _check_text(path)
        try:
            os.lstat(path)
        except OSError as error:
            if error.errno in _UNUSABLE:
                raise ValueError(
                    f"{error.strerror}, accepted: a path that can be reached"
                ) from None
        return find(path) if self._shipped else path

    def flag_type(self) -> str:
        """Return what help calls it."""
        return "path"


def find(path: str) -> str:
    """Find a file that may come with the program: the path itself, or that of the program.

    Presets, and the files that they name, are found from every directory.
    """
    beside = ROOT / path
    return path if os.path.exists(path) or not beside.exists() else str(beside)


def _check_text(path: str) -> None:
    """Check that names are short enough, and mean the same file to Python and TensorFlow."""
    if max(map(len, os.fsencode(path).split(os.fsencode(os.sep)))) > _LONGEST:
        raise ValueError(f"File name too long, accepted: names of at most {_LONGEST} bytes")
    if "\0" in path:
        raise ValueError("has a null character, accepted: a path without")
    if path.isascii():
        return
    if sys.getfilesystemencoding() != "utf-8":
        raise ValueError(
            f"not ASCII, under a locale of {sys.getfilesystemencoding()}, accepted: such names "
            "under a locale of UTF-8, or with PYTHONUTF8=1"
        )
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ValueError("not UTF-8, accepted: names in UTF-8") from None
