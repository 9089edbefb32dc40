"""A folder of images: one sub-directory of JPEG or PNG files for each class."""

import pathlib
from collections.abc import Iterator

import numpy as np
import PIL.Image
from absl import logging

from snas_tf.config import DataConfig
from snas_tf.data.images import Images, stack
from snas_tf.errors import UserError

_SUFFIXES = (".jpg", ".jpeg", ".png")
_ACCEPTED = "accepted: a directory with one sub-directory of JPEG or PNG images for each class"


def read(config: DataConfig) -> tuple[Images, tuple[str, ...]]:
    """Reads every image of a folder, and the names of its classes, which are sorted.

    Hidden entries and files of other types are passed over.

    Args:
        config: `data_dir` is the folder.

    Raises:
        UserError: the folder is not one, or an image can't be read; names the flag or the file.
    """
    if config.data_dir is None:
        raise UserError(f"--data_dir: not given, and --dataset=folder needs it; {_ACCEPTED}")
    root = pathlib.Path(config.data_dir)
    class_names = _class_names(root)
    paths = [(path, label) for label, name in enumerate(class_names) for path in _files(root, name)]
    images = stack(_blocks(paths, config.skip_corrupt_images), config.image_size)
    return images, class_names


def _class_names(root: pathlib.Path) -> tuple[str, ...]:
    names = tuple(path.name for path in _list(root, root) if path.is_dir())
    if len(names) < 2:
        found = ", ".join(names) or "none"
        raise UserError(
            f"--data_dir={root}: at least 2 class sub-directories are needed, found: {found}; "
            f"{_ACCEPTED}"
        )
    return names


def _files(root: pathlib.Path, name: str) -> list[pathlib.Path]:
    paths = [path for path in _list(root / name, root) if path.suffix.lower() in _SUFFIXES]
    if not paths:
        raise UserError(f"--data_dir={root}: class {name!r} has no image; {_ACCEPTED}")
    return paths


def _list(directory: pathlib.Path, root: pathlib.Path) -> list[pathlib.Path]:
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise UserError(
            f"--data_dir={root}: {directory} can't be read ({error.strerror}); {_ACCEPTED}"
        ) from error


def _blocks(
    paths: list[tuple[pathlib.Path, int]], skip_corrupt: bool
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of one image each."""
    read_labels = set()
    for path, label in paths:
        try:
            image = _decode(path)
        # Pillow raises another class of exception for each kind of damage.
        except Exception as error:
            _report(path, error, skip_corrupt)
            continue
        read_labels.add(label)
        yield image[np.newaxis], np.array([label])
    _require_all_classes(paths, read_labels)


def _decode(path: pathlib.Path) -> np.ndarray:
    """An RGB image, uint8 [height, width, 3]; Pillow, as TensorFlow decodes no CMYK JPEG."""
    with PIL.Image.open(path, formats=("JPEG", "PNG")) as image:
        if image.mode.startswith("I"):  # 16-bit grey, which `convert` would saturate.
            return (np.asarray(image)[..., np.newaxis] >> 8).astype(np.uint8)
        return np.asarray(image.convert("RGB"))


def _report(path: pathlib.Path, error: Exception, skip_corrupt: bool) -> None:
    reason = " ".join(str(error).split()) or type(error).__name__
    if not skip_corrupt:
        raise UserError(
            f"{path}: not a readable JPEG or PNG image ({reason}); "
            "accepted: readable images, or --skip_corrupt_images to leave such files out"
        ) from error
    logging.warning("%s: left out, not a readable JPEG or PNG image (%s)", path, reason)


def _require_all_classes(paths: list[tuple[pathlib.Path, int]], read_labels: set[int]) -> None:
    for path, label in paths:
        if label not in read_labels:
            raise UserError(f"--data_dir: {path.parent} has no readable image; {_ACCEPTED}")
