"""A folder of images: a sub-directory of JPEG or PNG files for each class, or parts of such."""

import pathlib
from collections.abc import Iterator

import numpy as np
import PIL.Image
from absl import logging

from snas_tf.config import DataConfig
from snas_tf.data.images import Images, stack
from snas_tf.errors import UserError

_SUFFIXES = (".jpg", ".jpeg", ".png")
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
    if config.data_dir is None:
        raise UserError(f"--data_dir: not given, and --dataset=folder needs it; {_ACCEPTED}")
    root = pathlib.Path(config.data_dir)
    train, test = _parts(root)
    class_names = _class_names(train, root)
    if test is None or not with_test:
        return _read_part(train, root, class_names, config), None, class_names
    _require_same_classes(class_names, _class_names(test, root), test, root)
    images = [_read_part(part, root, class_names, config) for part in (train, test)]
    return *images, class_names


def _parts(root: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path | None]:
    """The directories of the training and of the test images."""
    names = _subdirectories(root, root)
    if "train" in names and len(names) > 1 and set(names) <= {"train", "test", "val"}:
        return root / "train", root / ("test" if "test" in names else "val")
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


def _read_part(
    part: pathlib.Path, root: pathlib.Path, class_names: tuple[str, ...], config: DataConfig
) -> Images:
    paths = [
        (path, label)
        for label, name in enumerate(class_names)
        for path in _files(part / name, root)
    ]
    return stack(_blocks(paths, config.skip_corrupt_images), config.image_size)


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
