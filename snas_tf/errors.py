"""The error that a user can mend, and how its message quotes what was received."""

import reprlib

_LONGEST = 80


class UserError(Exception):
    """A flag, a file or a machine is not what the program needs.

    The message is one line that names the flag or the file, what was received and what is
    accepted. `main.py` prints it without a stack trace and exits with code 2.
    """


def quote(value: object) -> str:
    """The value as `repr` shows it, cut to a line of at most 80 characters."""
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother = 3, 60, 60
    text = short.repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def shorten_path(path: object) -> str:
    """The path on one line, its middle left out where it is longer than any sensible one."""
    text = "".join(one if one.isprintable() else repr(one)[1:-1] for one in str(path))
    return text if len(text) <= 4 * _LONGEST else f"{text[:_LONGEST]}...{text[-_LONGEST:]}"
