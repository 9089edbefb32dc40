"""The genotype that `--genotype` names."""

import difflib
import pathlib

from snas_tf.architecture import genotype, genotype_text, zoo
from snas_tf.architecture.genotype import Genotype
from snas_tf.errors import UserError


def find(source: str) -> Genotype:
    """A published genotype by its name, else the one in a file.

    Args:
        source: a name of the zoo; or a path with a suffix or a directory, of a file that holds
            JSON as a search writes it, or the text that tools of the DARTS family print.

    Raises:
        UserError: there is no such name, or the file can't be read or holds no genotype.
    """
    published = zoo.genotypes()
    if source in published:
        return published[source]
    path = pathlib.Path(source)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return read(path)
    nearest = difflib.get_close_matches(source, published, n=1)
    raise UserError(
        f"--genotype={source}: unknown; accepted: {', '.join(published)}, or the path of a file"
        + "".join(f" (did you mean {name}?)" for name in nearest)
    )


def read(path: str | pathlib.Path) -> Genotype:
    """Reads a genotype file, in either form.

    Raises:
        UserError: the file can't be read, or is not a genotype; names the entry.
    """
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--genotype={path}: not a readable text file ({error})") from error
    parse = genotype_text.from_text if "Genotype(" in text else genotype.from_json
    try:
        return parse(text)
    except ValueError as error:
        raise UserError(f"--genotype={path}: {error}") from error
