"""A file of decoded images, so that a run that is resumed need not decode them again."""

import contextlib
import hashlib
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from absl import logging

from snas_tf.data.images import Images

Decoded = tuple[Images, tuple[int, ...]]
"""Images, and the positions of the files that were left out."""


class ImageCache:
    """A file of decoded images.

    Args:
        directory: where the file is, or will be; None for no file.
        key: whatever decides the pixels, as JSON has it; the file has a name of its own for each.
    """

    def __init__(self, directory: pathlib.Path | None, key: Mapping[str, Any]) -> None:
        self._key = json.dumps(key, sort_keys=True)
        name = f"images-{hashlib.sha256(self._key.encode()).hexdigest()[:16]}.npz"
        self._path = directory and directory / name

    def load(self) -> dict[str, Decoded] | None:
        """Read the images by part; None where there is no intact file, which checksums tell."""
        if self._path is None or not self._path.is_file():
            return None
        try:
            with np.load(self._path, allow_pickle=False) as file:
                if str(file["key"]) != self._key:
                    raise ValueError("of other images")
                return {
                    str(part): (
                        Images(file[f"{part}_images"], file[f"{part}_labels"]),
                        tuple(file[f"{part}_left_out"].tolist()),
                    )
                    for part in file["parts"]
                }
        except Exception as error:  # NumPy, zipfile and zlib have one each for a kind of damage.
            logging.warning("%s: damaged (%s), so the images are decoded anew", self._path, error)
            return None

    def save(self, decoded: Mapping[str, Decoded]) -> None:
        """Write the file whole; where it can't be, a run goes on without it."""
        if self._path is None:
            return
        arrays: dict[str, Any] = {"key": np.array(self._key), "parts": np.array(list(decoded))}
        for part, (images, left_out) in decoded.items():
            arrays[f"{part}_images"], arrays[f"{part}_labels"] = images.images, images.labels
            arrays[f"{part}_left_out"] = np.array(left_out, np.int64)
        partial = self._path.with_name(f".{self._path.name}.partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(partial, "wb") as stream:
                np.savez(stream, allow_pickle=False, **arrays)
            os.replace(partial, self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink()
            logging.warning("%s: can't be written (%s), so it is not", self._path, error.strerror)
