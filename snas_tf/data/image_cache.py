"""A file of decoded images, so that a run that is resumed need not decode them again."""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from absl import logging

from snas_tf.data.images import Images
from snas_tf.files import whole_files
from snas_tf.files.digests import short_digest

Decoded = tuple[Images, tuple[int, ...]]
"""Images, and the positions of the files that were left out."""


class ImageCache:
    """A file of decoded images.

    Args:
        directory: where the file is, or will be; None for no file.
        key: whatever decides the pixels, in types of JSON. Each key has its own file.
    """

    def __init__(self, directory: pathlib.Path | None, key: Mapping[str, Any]) -> None:
        self._key = json.dumps(key, sort_keys=True)
        self._path = directory and directory / f"images-{short_digest(self._key.encode())}.npz"

    def load(self) -> dict[str, Decoded] | None:
        """Read the images by part; None if there is no file, or its checksums are wrong."""
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
        """Write the file, or log why it can't be written."""
        if self._path is None:
            return
        arrays: dict[str, Any] = {"key": np.array(self._key), "parts": np.array(list(decoded))}
        for part, (images, left_out) in decoded.items():
            arrays[f"{part}_images"], arrays[f"{part}_labels"] = images.images, images.labels
            arrays[f"{part}_left_out"] = np.array(left_out, np.int64)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with whole_files.replacing(self._path) as partial:
                np.savez(partial, allow_pickle=False, **arrays)
        except OSError as error:
            logging.warning("%s: can't be written (%s), so it is not", self._path, error.strerror)
