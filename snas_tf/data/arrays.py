"""Images that a Python program gives as arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from snas_tf.config import DataConfig
from snas_tf.data.batches import TEST, TRAIN, VALIDATION
from snas_tf.data.collection import from_parts
from snas_tf.data.images import Images, stack
from snas_tf.data.memory_collection import MemoryCollection
from snas_tf.data.mirroring import is_mirrored
from snas_tf.errors import UserError, quote

_MINIMUM_SIZE = 8
"""Side in pixels; two reductions leave 2 x 2."""

_NAMES = {
    TRAIN: ("images", "labels"),
    VALIDATION: ("validation_data[0]", "validation_data[1]"),
    TEST: ("test_data[0]", "test_data[1]"),
}
"""What the caller of `snas_tf.search` and `snas_tf.train` calls images and labels."""

_REFUSED = ("image_storage", "classes", "examples_per_class")

Arrays = tuple[ArrayLike, ArrayLike]
"""Images, uint8 [examples, height, width, channels = 1 or 3]; their labels, integers [examples]."""


def from_arrays(
    config: DataConfig,
    train: Arrays,
    validation: Arrays | None = None,
    test: Arrays | None = None,
    *,
    class_names: Sequence[str] | None = None,
    with_test: bool = False,
) -> MemoryCollection:
    """Make a collection of images that are in memory already.

    Gray images get three equal channels. Without validation images, a share of the training images
    is held out, as `config.validation_fraction` says. The arrays are copied.

    Args:
        config: `image_size`, `batch_size`, `validation_fraction` and `mirror` are used, and
            `dataset` as a name. Settings of a proxy and of images on disk are refused.
        train: the images to learn from, with their labels.
        validation: the images to validate on; None to hold some out.
        test: the images to test on; they are used with `with_test` only.
        class_names: in the order of the labels; None for "0" to the greatest training label.
        with_test: see `memory_collection.read`.

    Raises:
        UserError: an array is not of these shapes and types, a label is of no class, the images are
            all of one class, too small, or too few for `config`.
    """
    for setting in _REFUSED:
        value = getattr(config, setting)
        if value is not None:
            raise UserError(f"`{setting}`={value}: given with arrays, accepted: None")
    given = {TRAIN: train, VALIDATION: validation, TEST: test if with_test else None}
    parts = {
        part: _to_images(part, np.asarray(arrays[0]), np.asarray(arrays[1]), config.image_size)
        for part, arrays in given.items()
        if arrays is not None
    }
    names = _check_names(class_names, parts[TRAIN].labels)
    for part, images in parts.items():
        _require_classes(part, images.labels, len(names))
    collection = MemoryCollection(config, from_parts(parts, names), is_mirrored(config))
    collection.check_usable(with_test)
    return collection


def _to_images(part: str, images: np.ndarray, labels: np.ndarray, image_size: int | None) -> Images:
    name, labels_name = _NAMES[part]
    received = f"`{name}`: {images.dtype} {list(images.shape)}"
    if np.issubdtype(images.dtype, np.floating):
        scaled = "255 * images" if images.max(initial=0) <= 1 else "images"
        raise UserError(
            f"{received}, accepted: uint8, 0 to 255, such as "
            f"`numpy.rint({scaled}).astype(numpy.uint8)`"
        )
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise UserError(f"{received}, accepted: uint8 [examples, height, width, 1 or 3 channels]")
    if not len(images):
        raise UserError(f"{received}, accepted: at least one image")
    if image_size is None and min(images.shape[1:3]) < _MINIMUM_SIZE:
        raise UserError(
            f"{received}, accepted: {_MINIMUM_SIZE} x {_MINIMUM_SIZE} pixels or more, or "
            "`image_size` to resize them"
        )
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != images.shape[:1]:
        raise UserError(
            f"`{labels_name}`: {labels.dtype} {list(labels.shape)}, accepted: integers "
            f"[{len(images)}], one for each image"
        )
    return stack([(images, labels)], image_size)


def _check_names(class_names: Sequence[str] | None, labels: np.ndarray) -> tuple[str, ...]:
    if class_names is None:
        if labels.max() >= len(labels):
            raise UserError(
                f"`labels`: {labels.max()}, accepted: less than the number of images, or "
                "`class_names` that say how many classes there are"
            )
        return tuple(str(label) for label in range(labels.max() + 1))
    names = tuple(class_names)
    if isinstance(class_names, str) or not all(isinstance(name, str) for name in names):
        raise UserError(f"`class_names`: {quote(class_names)}, accepted: a list of texts")
    if len(set(names)) < len(names):
        raise UserError(f"`class_names`: {quote(names)}, accepted: no two alike")
    return names


def _require_classes(part: str, labels: np.ndarray, num_classes: int) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if len(wrong):
        raise UserError(
            f"`{_NAMES[part][1]}`: {labels[wrong[0]]} of image {wrong[0]}, accepted: 0 to "
            f"{num_classes - 1}"
        )
    if part == TRAIN and (labels == labels[0]).all():
        raise UserError(
            f"`{_NAMES[part][1]}`: all are {labels[0]}, accepted: images of two classes or more"
        )
