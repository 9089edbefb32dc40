"""A folder of images: a sub-directory of JPEG or PNG files for each class, or parts of such."""

import pathlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import PIL.Image
from absl import logging

from snas_tf.config import DataConfig
from snas_tf.data.images import Images, stack
from snas_tf.errors import UserError

Files = list[tuple[pathlib.Path, int]]
"""Paths of images, each with its label."""

_SUFFIXES = (".jpg", ".jpeg", ".png")
_OTHER = {"test": "val", "val": "test"}
_ACCEPTED = (
    "accepted: a directory with one sub-directory of JPEG or PNG images for each class, or with "
    "train/ and test/ (or val/) of such sub-directories"
)


def read(
    config: DataConfig, with_test: bool = False
) -> tuple[Images, Images | None, tuple[str, ...]]:
    """Reads the images of a folder, and the names of its classes, which are sorted.

    The folder has a sub-directory for each class, all of training images, or nothing but the
    sub-directories "train" with "test", "val" or both, where those of the classes are. Of such
    parts, "train" is read and, only if wanted, "test", or "val" where there is no "test". Hidden
    entries and files of other types are passed over.

    Args:
        config: `data_dir` is the folder.
        with_test: whether test images are wanted.

    Returns:
        (training images, test images, class names); None for test images that are not wanted or
        that the folder does not have.

    Raises:
        UserError: the folder is not one, an image can't be read, or the test images are of other
            classes; names the flag or the file.
    """
    train, test, class_names = listing(config, "test" if with_test else None)
    images = [
        files and stack(_blocks(files, config.skip_corrupt_images), config.image_size)
        for files in (train, test)
    ]
    return *images, class_names


def listing(
    config: DataConfig, held_out: str | None
) -> tuple[Files, Files | None, tuple[str, ...]]:
    """Lists the image files of a folder as `read` describes it, and opens none.

    Args:
        config: `data_dir` is the folder.
        held_out: the part to list besides the training images, "test" or "val", or the other one
            where there is no such part; None for neither.

    Returns:
        (training files, held-out files, class names), the files in the order of the classes and
        of their names; None for held-out files that the folder does not have.

    Raises:
        UserError: the folder is not one, or its parts are of other classes; names the flag.
    """
    if config.data_dir is None:
        raise UserError(f"--data_dir: not given, and --dataset=folder needs it; {_ACCEPTED}")
    root = pathlib.Path(config.data_dir)
    train, other = _parts(root, held_out)
    class_names = _class_names(train, root)
    if other is None:
        return _labelled(train, root, class_names), None, class_names
    _require_same_classes(class_names, _class_names(other, root), other, root)
    return *(_labelled(part, root, class_names) for part in (train, other)), class_names


def _parts(root: pathlib.Path, held_out: str | None) -> tuple[pathlib.Path, pathlib.Path | None]:
    """The directories of the training images and of the held-out ones that are wanted."""
    names = _subdirectories(root, root)
    if "train" in names and len(names) > 1 and set(names) <= {"train", "test", "val"}:
        if held_out is None:
            return root / "train", None
        return root / "train", root / (held_out if held_out in names else _OTHER[held_out])
    return root, None


def _class_names(part: pathlib.Path, root: pathlib.Path) -> tuple[str, ...]:
    names = _subdirectories(part, root)
    if len(names) < 2:
        found = ", ".join(names) or "none"
        raise UserError(
            f"--data_dir={root}: at least 2 class sub-directories are needed in {part}, found: "
            f"{found}; {_ACCEPTED}"
        )
    return names


def _require_same_classes(
    names: tuple[str, ...], test_names: tuple[str, ...], test: pathlib.Path, root: pathlib.Path
) -> None:
    differing = sorted(set(names) ^ set(test_names))
    if differing:
        name = differing[0]
        only = "train" if name in names else test.name
        raise UserError(
            f"--data_dir={root}: class {name!r} is in {only}/ only; accepted: the same class "
            f"sub-directories in train/ and {test.name}/"
        )


def _labelled(part: pathlib.Path, root: pathlib.Path, class_names: tuple[str, ...]) -> Files:
    return [
        (path, label)
        for label, name in enumerate(class_names)
        for path in _files(part / name, root)
    ]


def _files(directory: pathlib.Path, root: pathlib.Path) -> list[pathlib.Path]:
    paths = [path for path in _list(directory, root) if path.suffix.lower() in _SUFFIXES]
    if not paths:
        raise UserError(f"--data_dir={root}: class {directory} has no image; {_ACCEPTED}")
    return paths


def _subdirectories(directory: pathlib.Path, root: pathlib.Path) -> tuple[str, ...]:
    """Their names, sorted."""
    return tuple(path.name for path in _list(directory, root) if path.is_dir())


def _list(directory: pathlib.Path, root: pathlib.Path) -> list[pathlib.Path]:
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise UserError(
            f"--data_dir={root}: {directory} can't be read ({error.strerror}); {_ACCEPTED}"
        ) from error


def _blocks(paths: Files, skip_corrupt: bool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of one image each."""
    read_labels = set()
    for path, label in paths:
        try:
            image = decode(path)
        # Pillow raises another class of exception for each kind of damage.
        except Exception as error:
            report(path, error, skip_corrupt)
            continue
        read_labels.add(label)
        yield image[np.newaxis], np.array([label])
    require_all_classes(paths, read_labels)


def decode(file: pathlib.Path | BinaryIO) -> np.ndarray:
    """A JPEG or PNG image in RGB; whatever Pillow raises means that it is damaged.

    Args:
        file: what to read, of any colour mode and up to 16 bits a channel.

    Returns:
        uint8 [height, width, channels = 3].
    """
    with PIL.Image.open(file, formats=("JPEG", "PNG")) as image:
        if image.mode.startswith("I"):  # 16-bit grey, which `convert` would saturate.
            image = PIL.Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        return np.asarray(image.convert("RGB"))


def report(path: pathlib.Path, error: Exception, skip_corrupt: bool) -> None:
    """Says that the file at `path` can't be decoded, and why: in the log if it is to be skipped.

    Raises:
        UserError: it is not to be skipped.
    """
    reason = " ".join(str(error).split()) or type(error).__name__
    if not skip_corrupt:
        raise UserError(
            f"{path}: not a readable JPEG or PNG image ({reason}); "
            "accepted: readable images, or --skip_corrupt_images to leave such files out"
        ) from error
    logging.warning("%s: left out, not a readable JPEG or PNG image (%s)", path, reason)


def require_all_classes(paths: Files, read_labels: set[int]) -> None:
    """Checks that images of every class could be read.

    Args:
        paths: all files, each with its label.
        read_labels: the labels of those that could be read.

    Raises:
        UserError: no image of a class could be.
    """
    for path, label in paths:
        if label not in read_labels:
            raise UserError(f"--data_dir: {path.parent} has no readable image; {_ACCEPTED}")
