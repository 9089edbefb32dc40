"""Files and directories that are written whole or not at all."""

import contextlib
import csv
import io
import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PREFIX = ".snas_tf."
"""Of every temporary name: what bears it was left by a process that was killed."""


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield a path, of the same name, for content that replaces `path` when the block ends.

    The content, a file or a directory, is written into a temporary directory beside `path` and
    renamed; where the block fails, `path` stays as it was.

    Args:
        path: what to replace; it may exist or not.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=PREFIX) as directory:
        partial = pathlib.Path(directory, path.name)
        yield partial
        before = pathlib.Path(directory, PREFIX)
        if path.is_dir():
            path.rename(before)
        try:
            os.replace(partial, path)
        except OSError:
            if before.exists():
                before.rename(path)
            raise


@contextlib.contextmanager
def replacing_described(
    path: pathlib.Path, beside: pathlib.Path
) -> Iterator[tuple[pathlib.Path, pathlib.Path]]:
    """Yield two paths, of a file and of the text that describes it, which replace both.

    Where the block fails or the process is killed within it, both stay as they were. At no moment
    is there a file beside a text of another one: between the two renames there is no text.

    Args:
        path: the file to replace; it may exist or not.
        beside: the text to replace, in the same directory.
    """
    with replacing(beside) as partial_text, replacing(path) as partial:
        yield partial, partial_text
        beside.unlink(missing_ok=True)


def write_text(path: pathlib.Path, text: str) -> None:
    """Replace a text file."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: pathlib.Path, content: Any) -> None:
    """Replace a JSON file."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_rows(path: pathlib.Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace a CSV file.

    Args:
        path: the file.
        rows: of the same columns each; where there is none, the file has the column epoch.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else ["epoch"])
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def remove_leftovers(directory: pathlib.Path) -> None:
    """Remove what killed processes left half-written in a directory."""
    for path in directory.iterdir():
        if path.name.startswith(PREFIX):
            is_directory = path.is_dir() and not path.is_symlink()
            shutil.rmtree(path) if is_directory else path.unlink()
