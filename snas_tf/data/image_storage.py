"""Where images are kept while a run uses them: in memory, or on disk."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np
import PIL.Image

from snas_tf.config import DataConfig
from snas_tf.config.data import DISK, MEMORY
from snas_tf.data import encoded_collection, folder, memory_collection, tfds_builder
from snas_tf.data.collection import ImageCollection
from snas_tf.data.decoding import FORMATS
from snas_tf.data.encoded_collection import DEFAULT_IMAGE_SIZE, EncodedCollection
from snas_tf.errors import UserError

MEMORY_BYTES = 2 * 2**30
"""Images that take more once decoded stay on disk. A run needs three times as much memory."""


def read(
    config: DataConfig,
    with_test: bool = False,
    cache: pathlib.Path | None = None,
    proxy_seed: int = 0,
) -> ImageCollection:
    """Read the images of a data set into memory, or find them on disk; see `choose`.

    Args:
        config: which images.
        with_test: see `memory_collection.read`.
        cache: directory for files that spare work when a run is resumed; None for no such files.
        proxy_seed: see `proxy.apply`.

    Raises:
        UserError: a value of `config` is not accepted, the images can't be read, or are too few.
    """
    if choose(config) == DISK:
        collection = encoded_collection.read_divided(config, with_test, cache, proxy_seed)
        return collection if config.image_storage else _with_remark(collection)
    for name in ("min_crop_area", "color_jitter"):
        value = getattr(config, name)
        if value != getattr(DataConfig, name):
            raise UserError(
                f"`{name}`={value:g}: of images on disk, and these are in memory, accepted: with "
                "`image_storage`=disk"
            )
    return memory_collection.read(config, with_test, cache, proxy_seed)


def choose(config: DataConfig) -> str:
    """Return where images are kept: as the config says, or by the size of the training images.

    All training images of the data set count, decoded, at `image_size`; also those that are not
    drawn for a proxy. Where no size is given, it is that of the images: in a folder the mean over
    one image of each class; in a TFDS data set that of all or, if they differ, 224 x 224. So the
    choice is the same on every machine.

    Raises:
        UserError: the images can't be found.
    """
    if config.image_storage is not None:
        return config.image_storage
    if config.dataset == "digits":
        return MEMORY
    if config.dataset == "folder":
        count, sample = folder.count_images(config)
        pixels = _mean_pixels(sample) if config.image_size is None else config.image_size**2
    else:
        count, pixels = _measure_tfds(config)
    return DISK if count * pixels * 3 > MEMORY_BYTES else MEMORY


def _with_remark(collection: EncodedCollection) -> EncodedCollection:
    """Say why images stay on disk."""
    remark = (
        f"the images stay on disk, as they take more than {MEMORY_BYTES >> 30} GiB when they are "
        "decoded; `image_storage`=memory reads them all"
    )
    contents = collection.contents
    contents = dataclasses.replace(contents, remarks=(remark, *contents.remarks))
    return dataclasses.replace(collection, contents=contents)


def _mean_pixels(paths: Sequence[pathlib.Path]) -> float:
    """The mean number of pixels of image files, by their headers; 0 where none can be read."""
    pixels = []
    for path in paths:
        # Pillow raises a different class of exception for each kind of damage.
        with contextlib.suppress(Exception), PIL.Image.open(path, formats=FORMATS) as image:
            pixels.append(image.width * image.height)
    return float(np.mean(pixels)) if pixels else 0.0


def _measure_tfds(config: DataConfig) -> tuple[int, float]:
    """The number of training images, and of pixels of each."""
    builder, (image_key, _) = tfds_builder.open_builder(config)
    count = builder.info.splits["train"].num_examples
    height, width, _ = builder.info.features[image_key].shape
    if config.image_size is not None:
        return count, config.image_size**2
    if height is None or width is None:
        return count, DEFAULT_IMAGE_SIZE**2
    return count, height * width
