"""Files of tabular benchmarks: CSV, a row for each cell of a search space."""

import collections
import csv
import math
import os
from collections.abc import Iterator, Sequence

import numpy as np

from snas_tf.architecture import edge_text, spaces
from snas_tf.architecture.benchmark_table import BenchmarkTable
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.errors import UserError, format_setting, quote
from snas_tf.files.text_files import read_compressed_text

_CELL, _NUMBER = "cell", "index"
_MAX_BYTES = 64_000_000
_MOST_CELLS = 200_000


def read(path: str | os.PathLike[str], space: SearchSpace) -> BenchmarkTable:
    """Read a table of accuracies.

    The first line names the columns. `cell` is the text of a cell, see `edge_text`; `index` is
    not read; every other column is an accuracy in percent. Each cell of the space has one row.

    Args:
        path: a CSV file, plain or compressed by gzip.
        space: the search space of its cells, or a variant with some of its operations.

    Raises:
        UserError: no table can list the cells of the space, or the file is not such a table;
            names the line.
    """
    shown = format_setting("benchmark_table", os.fspath(path))
    foreign = [name for name in space.operations if name not in space.base.operations]
    space = space.base
    if foreign:
        raise UserError(
            f"{shown}: given with {format_setting('operations', ','.join(foreign))}, which its "
            f"cells do not have, accepted: with {', '.join(space.operations)}"
        )
    if not can_list(space):
        known = [one.name for one in spaces.SPACES.values() if can_list(one)]
        raise UserError(
            f"{shown}: given with {format_setting('space', space.name)}, whose cells no table "
            f"can list, accepted: with `space`={' or '.join(known)}"
        )
    try:
        return _parse(_read_lines(path), space)
    except ValueError as error:
        raise UserError(f"{shown}: not a table of {space.name}: {error}") from error


def can_list(space: SearchSpace) -> bool:
    """Whether a table can have a row for each cell of a search space."""
    return len(space.kinds) == 1 and space.size <= _MOST_CELLS


def _read_lines(path: str | os.PathLike[str]) -> Iterator[list[str]]:
    """Read the lines of a file, each as a list of texts."""
    try:
        yield from csv.reader(read_compressed_text(path, _MAX_BYTES).splitlines(), strict=True)
    except (OSError, ValueError, csv.Error) as error:
        raise ValueError(f"{error}, accepted: a CSV file, plain or compressed by gzip") from error


def _parse(lines: Iterator[list[str]], space: SearchSpace) -> BenchmarkTable:
    head = [name.strip() for name in next(lines, [])]
    columns = _accuracy_columns(head)
    known = dict.fromkeys(edge_text.all_texts(space))
    rows: dict[str, int] = {}
    accuracies = []
    for number, row in _numbered(lines, len(head)):
        values = dict(zip(head, row, strict=True))
        cell = values[_CELL].strip()
        if cell in rows:
            raise ValueError(f"line {number}: the cell {cell} a second time, accepted: once")
        if cell not in known:
            raise ValueError(f"line {number}: {_explain(cell, space)}")
        rows[cell] = len(rows)
        accuracies.append([_accuracy(values[name], name, number) for name in columns])
    _check_complete(rows, known, space)
    table = dict(zip(columns, np.array(accuracies).T, strict=True))
    _check_percent(table)
    return BenchmarkTable(space, rows, table)


def _accuracy_columns(head: Sequence[str]) -> list[str]:
    """Return the names of the columns that are accuracies."""
    if not any(head):
        raise ValueError("it is empty, accepted: CSV whose first line names the columns")
    if not all(head):
        raise ValueError(f"column {[*head].index('') + 1} has no name, accepted: a name for each")
    repeated = [name for name, count in collections.Counter(head).items() if count > 1]
    if repeated:
        raise ValueError(f"two columns are named {quote(repeated[0])}, accepted: different names")
    if _CELL not in head:
        raise ValueError(f"its columns are {quote([*head])}, accepted: one of them named {_CELL}")
    columns = [name for name in head if name not in (_CELL, _NUMBER)]
    if not columns:
        raise ValueError("it has no accuracy, accepted: at least one column of accuracies")
    return columns


def _numbered(lines: Iterator[list[str]], length: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows and the numbers of their lines; empty lines are left out."""
    for number, row in enumerate(lines, 2):
        if row and len(row) != length:
            raise ValueError(f"line {number}: {len(row)} values, accepted: {length}, as in line 1")
        if row:
            yield number, row


def _explain(cell: str, space: SearchSpace) -> str:
    """Describe what is wrong with a cell."""
    try:
        edge_text.from_text(cell, space)
    except ValueError as error:
        return f"{error}"
    return f"received {quote(cell)}, accepted: a cell of {space.name}"


def _accuracy(text: str, name: str, number: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:
        raise ValueError(
            f"line {number}: {name} is {quote(text)}, accepted: a percentage, 0 to 100"
        )
    return value


def _check_complete(rows: dict[str, int], known: dict[str, None], space: SearchSpace) -> None:
    if len(rows) < len(known):
        missing = next(cell for cell in known if cell not in rows)
        raise ValueError(
            f"it has {len(rows):,} of the {space.size:,} cells and lacks {missing}, accepted: "
            "all, because a rank is one of all"
        )


def _check_percent(accuracies: dict[str, np.ndarray]) -> None:
    for name, column in accuracies.items():
        if column.max() <= 1:
            raise ValueError(
                f"the largest {name} is {column.max():g}, accepted: percentages, not shares"
            )
