"""A file of the images that can't be decoded, so that a resumed run need not check them again."""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from absl import logging

from snas_tf.files import text_files, whole_files
from snas_tf.files.digests import short_digest

_MAX_BYTES = 100_000_000

Damaged = dict[str, list[int]]
"""The positions of the images that can't be decoded, by part."""


class ImageCheck:
    """A file that says which images can't be decoded.

    Args:
        directory: where the file is, or will be.
        key: what distinguishes the images, in types of JSON. Each key has its own file.
    """

    def __init__(self, directory: pathlib.Path, key: Mapping[str, Any]) -> None:
        text = json.dumps(key, sort_keys=True)
        self._path = directory / f"checked-{short_digest(text.encode())}.json"

    def load(self) -> Damaged | None:
        """Read which images can't be decoded; None where they have not been checked."""
        try:
            damaged = text_files.read_json(self._path, _MAX_BYTES)
            if not _is_damaged(damaged):
                raise ValueError("not positions by part")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            logging.warning("%s: damaged (%s), so images are checked anew", self._path, error)
            return None
        return damaged

    def save(self, damaged: Mapping[str, Sequence[int]]) -> None:
        """Write the file whole."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = {part: list(positions) for part, positions in damaged.items()}
        whole_files.write_text(self._path, json.dumps(content) + "\n")


def _is_damaged(content: Any) -> bool:
    return isinstance(content, dict) and all(
        isinstance(positions, list) and all(type(one) is int and one >= 0 for one in positions)
        for positions in content.values()
    )
