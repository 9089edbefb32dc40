"""Decoded images in a file, so that they are decoded once and not for every start of a run."""

import hashlib
import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
from absl import logging

from snas_tf.data.images import Images

Decoded = tuple[Images, tuple[int, ...]]
"""Images, and the positions of the files that were left out."""


def load_or_decode(
    directory: pathlib.Path | None, key: dict[str, Any], decode: Callable[[], dict[str, Decoded]]
) -> dict[str, Decoded]:
    """Takes decoded images from a file, or decodes and keeps them.

    Args:
        directory: where the file is, or will be; None for no file.
        key: whatever decides the pixels, as JSON has it; the file has a name of its own for each.
        decode: gives the images of each part.
    """
    if directory is None:
        return decode()
    text = json.dumps(key, sort_keys=True)
    path = directory / f"images-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"
    decoded = _load(path, text)
    if decoded is None:
        decoded = decode()
        _save(path, text, decoded)
    return decoded


def _load(path: pathlib.Path, key: str) -> dict[str, Decoded] | None:
    """What the file holds; None without a file, or without an intact one: zip has checksums."""
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["key"]) != key:
                raise ValueError("of other images")
            return {
                str(part): (
                    Images(file[f"{part}_images"], file[f"{part}_labels"]),
                    tuple(file[f"{part}_left_out"].tolist()),
                )
                for part in file["parts"]
            }
    except Exception as error:  # NumPy, zipfile and zlib have one each for every kind of damage.
        logging.warning("%s: damaged (%s), the images are decoded again", path, error)
        return None


def _save(path: pathlib.Path, key: str, decoded: dict[str, Decoded]) -> None:
    """Writes the file whole; where it can't be, a run goes on without it."""
    arrays = {"key": np.array(key), "parts": np.array(list(decoded))}
    for part, (images, left_out) in decoded.items():
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = images.images, images.labels
        arrays[f"{part}_left_out"] = np.array(left_out, np.int64)
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as stream:
            np.savez(stream, **arrays)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        logging.warning("%s: can't be written (%s), goes on without it", path, error.strerror)
