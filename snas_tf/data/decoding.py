"""Image files decoded with Pillow, as an image viewer shows them."""

import contextlib
import pathlib
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import PIL.ExifTags
import PIL.Image
from absl import logging

from snas_tf.data.images import Images, on_white, require_same_size, resize
from snas_tf.data.parallel import parallel_map
from snas_tf.errors import UserError, printable

Files = Sequence[tuple[pathlib.Path, int]]
"""Paths of images, each with its label."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF")
FORMAT_NAMES = "JPEG, PNG, GIF, BMP, WebP or TIFF"
SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff")
)
MAX_PIXELS = 178_956_970
"""A larger image is refused once its header is read. It is the limit of Pillow too."""

VERSION = 1
"""Version of the pixels that `decode_all` makes; increase it when they change."""

_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
"""The transposition that makes an image upright, by its EXIF orientation."""


def decode_all(
    files: Files, image_size: int | None, skip_corrupt: bool
) -> tuple[Images, tuple[int, ...]]:
    """Decode image files over all cores.

    A large JPEG image is decoded at 1/2, 1/4 or 1/8 of its size, the smallest that is at least
    twice as large as what is wanted, and averaged from there.

    Args:
        files: paths, each with its label; at least one.
        image_size: every image is resized to this many pixels square; None keeps their size.
        skip_corrupt: leave out what can't be decoded, instead of raising an error.

    Returns:
        The images, and the positions in `files` of those left out.

    Raises:
        UserError: an image can't be decoded and `skip_corrupt` is False, a class is left without
            an image, or the images keep their sizes, and those differ.
    """

    def attempt(file: tuple[pathlib.Path, int]) -> np.ndarray | Exception:
        try:
            return resize(decode(file[0], image_size)[np.newaxis], image_size)[0]
        # Pillow raises a different class of exception for each kind of damage.
        except Exception as error:
            return error

    images: np.ndarray | None = None
    labels: list[int] = []
    left_out: list[int] = []
    with parallel_map(attempt, files, "decoding images") as results:
        for position, ((path, label), result) in enumerate(zip(files, results, strict=True)):
            if isinstance(result, Exception):
                report_damage(path, result, skip_corrupt)
                left_out.append(position)
                continue
            if images is None:
                images = np.empty((len(files), *result.shape), np.uint8)
            require_same_size(images, result[np.newaxis])
            images[len(labels)] = result
            labels.append(label)
    require_all_classes(files, set(labels))
    assert images is not None, "some class has an image"
    return Images(images[: len(labels)], np.array(labels, np.int64)), tuple(left_out)


def find_damaged(files: Files, skip_corrupt: bool) -> tuple[int, ...]:
    """Decode image files to their end, over all cores.

    Args:
        files: paths, each with its label.
        skip_corrupt: log what can't be decoded, instead of raising an error.

    Returns:
        The positions of the files that can't be decoded.

    Raises:
        UserError: a file can't be decoded and `skip_corrupt` is False, or a class is left without
            an image.
    """
    left_out = []
    with parallel_map(lambda file: find_damage(file[0]), files, "checking images") as results:
        for position, ((path, _), error) in enumerate(zip(files, results, strict=True)):
            if error:
                report_damage(path, error, skip_corrupt)
                left_out.append(position)
    damaged = set(left_out)
    readable = {label for place, (_, label) in enumerate(files) if place not in damaged}
    require_all_classes(files, readable)
    return tuple(left_out)


def find_damage(file: pathlib.Path | BinaryIO) -> Exception | None:
    """Decode an image to its end; return the error, or None for an intact image."""
    try:
        with _open(file) as image:
            image.draft(None, (1, 1))  # All of a JPEG is read, but 1/64 of its pixels computed.
            image.load()
            _require_8_bits(image)
    # Pillow raises a different class of exception for each kind of damage.
    except Exception as error:
        return error
    return None


def decode(file: pathlib.Path | BinaryIO, image_size: int | None = None) -> np.ndarray:
    """Decode an image to RGB, upright. Pillow raises an error of any kind for a damaged one.

    Of several frames or pages it is the first. The EXIF orientation is applied, and transparent
    pixels become white.

    Args:
        file: what to read, of any color mode and up to 16 bits a channel.
        image_size: pixels square to which the image will be resized, so that a JPEG image may be
            decoded at a part of its size, at least twice this one; None for its whole size.

    Returns:
        uint8 [height, width, channels = 3].
    """
    with _open(file) as image:
        if image_size is not None:
            image.draft(None, (2 * image_size, 2 * image_size))
        image.load()
        image = _turned(image)
        if image.mode.startswith("I;16"):  # `convert` would saturate.
            image = PIL.Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        _require_8_bits(image)
        if image.has_transparency_data:
            return on_white(np.asarray(image.convert("RGBA")))
        return np.asarray(image.convert("RGB"))


def _open(file: pathlib.Path | BinaryIO) -> PIL.Image.Image:
    image = PIL.Image.open(file, formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise ValueError(f"{image.width} x {image.height} pixels, more than {MAX_PIXELS:,} in all")
    return image


def _require_8_bits(image: PIL.Image.Image) -> None:
    if image.mode in ("I", "F"):
        raise ValueError("pixels of 32 bits")


def _turned(image: PIL.Image.Image) -> PIL.Image.Image:
    """Make the image upright; damaged EXIF data are ignored."""
    turn = None
    # Pillow raises a different class of exception for each kind of damage.
    with contextlib.suppress(Exception):
        turn = _TURNS.get(image.getexif().get(PIL.ExifTags.Base.Orientation, 0))
    return image if turn is None else image.transpose(turn)


def report_damage(path: pathlib.Path, error: Exception, skip_corrupt: bool) -> None:
    """Log that a file can't be decoded, and why, or raise an error.

    Raises:
        UserError: `skip_corrupt` is False.
    """
    reason = " ".join(str(error).split()) or type(error).__name__
    if not skip_corrupt:
        raise UserError(
            f"{path}: not a readable image ({reason}); accepted: {FORMAT_NAMES} images, or "
            "`skip_corrupt_images`=True to leave such files out"
        ) from error
    logging.warning("%s: left out, not a readable image (%s)", printable(str(path)), reason)


def require_all_classes(files: Sequence[tuple[pathlib.Path, int]], read_labels: set[int]) -> None:
    """Check that images of every class could be read.

    Args:
        files: all files, each with its label.
        read_labels: the labels of those that could be read.

    Raises:
        UserError: no image of a class could be.
    """
    for path, label in files:
        if label not in read_labels:
            raise UserError(
                f"`data_dir`: {path.parent} has no readable image; accepted: at least one "
                f"{FORMAT_NAMES} image for each class"
            )
