"""The name of the program in messages and in commands."""

import pathlib


def program_name(arguments: list[str]) -> str:
    """Return the program's name in messages: main.py in a checkout, snas where it is installed.

    Args:
        arguments: the path of the program that was started, and its arguments.
    """
    name = pathlib.PurePath(arguments[0]).name
    return "snas" if name == "__main__.py" else name  # python -m snas_tf
