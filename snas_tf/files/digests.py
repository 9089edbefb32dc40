"""Digests of files, by which a changed one is noticed."""

import hashlib
import pathlib
from collections.abc import Iterable

from snas_tf.errors import UserError, shorten_path

_LENGTH = 16  # hexadecimal digits: enough where nobody forges


def short_digest(content: bytes) -> str:
    """Compute the first digits of the SHA-256 digest of a content."""
    return hashlib.sha256(content).hexdigest()[:_LENGTH]


def digests(paths: Iterable[str]) -> dict[str, str]:
    """Digest the content of files, by their names without directories.

    Raises:
        UserError: one can't be read.
    """
    found = {}
    for path in map(pathlib.Path, paths):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(
                f"{shorten_path(path)}: can't be read ({error.strerror}), accepted: a file"
            ) from error
        found[path.name] = short_digest(content)
    return found
