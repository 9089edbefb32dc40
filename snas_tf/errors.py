"""The errors of users and signals, and how a message quotes what was received."""

import os
import reprlib

_LONGEST = 80


class UserError(Exception):
    """A setting, a file or a machine is not what the program needs.

    The program prints the message without a stack trace and exits with code 2.

    Args:
        message: names the setting or the file, what was received and what is accepted. A setting
            is named by its config's field in backticks, see `format_setting`; the command line
            makes a flag of it. The message becomes one line: characters that can't be printed,
            such as those of odd file names, are escaped.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class Interrupted(KeyboardInterrupt):
    """The process was asked to end by a signal.

    Args:
        signal_number: the signal's.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


class LostWorkerError(Exception):
    """A process that trains together with others can't go on, as another one is gone.

    The program prints the message without a stack trace and exits with code 3.
    """


def printable(text: str) -> str:
    r"""Escape what can't be printed on one line, such as a byte of a name as \xe9."""
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # A byte of a file name that is no UTF-8.
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def quote(value: object) -> str:
    """The value as `repr` shows it, cut to a line of at most 80 characters."""
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother = 3, 60, 60
    text = short.repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def shorten_path(path: object) -> str:
    """The path on one line, its middle left out where it is longer than any sensible one."""
    text = printable(str(path))
    return text if len(text) <= 4 * _LONGEST else f"{text[:_LONGEST]}...{text[-_LONGEST:]}"


def format_setting(name: str, value: object) -> str:
    """Name a setting and its value, as in `batch_size`=512; a long value is shortened.

    A list of names is joined by commas, as on the command line.
    """
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        value = ",".join(value)
    shown = shorten_path(value) if isinstance(value, (str, os.PathLike)) else quote(value)
    return f"`{name}`={shown}"
