"""Sources of genotypes: the name of a published one, or a file."""

import difflib
import os
import pathlib
import re

from snas_tf.architecture import edge_text, genotype_json, genotype_text, zoo
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS
from snas_tf.errors import UserError, quote, shorten_path
from snas_tf.files.text_files import read_text

_SELECTED = re.compile(r"(?s)(?P<path>.+)(?::(?P<line>\d{1,9})|#(?P<name>\w+))")
_LONGEST_NAME = 100  # for which similar names are suggested


def load_genotype(source: str | os.PathLike[str]) -> Genotype:
    """Load a published genotype by its name, or the one in a file.

    Args:
        source: a name of the zoo; or a cell of NAS-Bench-201 as `edge_text` has it; or a path
            with a suffix or a directory, of a file that holds JSON as a search writes it, such a
            cell, or the text that tools of the DARTS family print. Of several in a text one is
            selected by FILE:LINE, or by FILE#NAME for `NAME = Genotype(...)`; a file whose own name
            looks like that wins.

    Returns:
        The cells.

    Raises:
        UserError: there is no such name, or the file can't be read or holds no genotype.
    """
    source = os.fspath(source)
    published = zoo.genotypes()
    if source in published:
        return published[source]
    shown = f"`genotype`={shorten_path(source)}"
    if edge_text.is_edge_text(source):
        return _parse(source, shown)
    path, line, name = _split(source)
    if os.path.exists(path) or pathlib.Path(path).suffix or len(pathlib.Path(path).parts) > 1:
        return _read(path, shown, line, name)
    nearest = difflib.get_close_matches(source[:_LONGEST_NAME], published, n=1)
    raise UserError(
        f"{shown}: unknown; accepted: {', '.join(published)}, or the path of a file"
        + "".join(f" (did you mean {name}?)" for name in nearest)
    )


def read_genotype(path: str | pathlib.Path) -> Genotype:
    """Read a genotype file, in either form.

    Raises:
        UserError: the file can't be read, or is not a genotype; names the entry.
    """
    return _read(path, shorten_path(path))


def find_space(source: str) -> SearchSpace:
    """Find the search space of a genotype: DARTS' where the source holds none."""
    try:
        return load_genotype(source).space
    except UserError:
        return DARTS


def short_name(source: str) -> str:
    """Shorten a source to a word for the name of a run."""
    if edge_text.is_edge_text(source):
        return re.sub(r"[^a-z0-9_]+", "-", source).strip("-")
    path, line, name = _split(source)
    stem = pathlib.Path(path).stem
    return f"{stem}-{name or line}" if name or line else stem


def _split(source: str) -> tuple[str, int | None, str | None]:
    """Split a source into a path, and the line or the name selected in it."""
    selected = _SELECTED.fullmatch(source)
    if selected is None or os.path.exists(source) or not os.path.exists(selected["path"]):
        return source, None, None
    line = int(selected["line"]) if selected["line"] else None
    return selected["path"], line, selected["name"]


def _read(
    path: str | pathlib.Path, shown: str, line: int | None = None, name: str | None = None
) -> Genotype:
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{shown}: not a readable text file ({error}), accepted: a genotype as JSON, or as "
            "tools of the DARTS family or of NAS-Bench-201 print it"
        ) from error
    return _parse(text, shown, line, name)


def _parse(text: str, shown: str, line: int | None = None, name: str | None = None) -> Genotype:
    try:
        if genotype_text.is_printed(text):
            return genotype_text.from_text(text, line, name)
        if line is not None or name is not None:
            raise ValueError(
                f"no Genotype(...) in it, of which {quote(name or line)} would select one"
            )
        if edge_text.is_edge_text(text):
            return edge_text.from_text(text)
        return genotype_json.from_json(text)
    except ValueError as error:
        raise UserError(f"{shown}: {error}") from error
