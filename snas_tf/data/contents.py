"""The images of a data set in memory: of files, TensorFlow Datasets or scikit-learn."""

import pathlib
from collections.abc import Callable

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.data import decoding, folder, tfds_reader
from snas_tf.data.batches import TEST, TRAIN, VALIDATION
from snas_tf.data.collection import Contents, from_parts
from snas_tf.data.fingerprint import digest_files
from snas_tf.data.image_cache import ImageCache
from snas_tf.data.images import Images, stack

_DIGITS_TO_LEARN_FROM = 1500
"""Of 1,797 that come without a split; the others, last in their order, are test images."""


def read(
    config: DataConfig,
    with_test: bool,
    cache: pathlib.Path | None,
    check: Callable[[Contents[Images]], None],
) -> Contents[Images]:
    """Read the images of a data set; see `memory_collection.read`.

    Args:
        config: which images.
        with_test: whether test images are wanted.
        cache: directory for a file of the decoded images of a folder; None for no such file.
        check: raises an error if the images can't be used; then no file is written.

    Raises:
        UserError: the images can't be read; names the setting or the file.
    """
    if config.dataset == "folder":
        return _read_folder(config, with_test, cache, check)
    read_dataset = _read_digits if config.dataset == "digits" else tfds_reader.read
    contents = read_dataset(config, with_test)
    check(contents)
    return contents


def _read_folder(
    config: DataConfig,
    with_test: bool,
    cache: pathlib.Path | None,
    check: Callable[[Contents[Images]], None],
) -> Contents[Images]:
    listing = folder.list_images(config, (VALIDATION, TEST) if with_test else (VALIDATION,))
    digests = {part: digest_files(files, listing.root) for part, files in listing.parts.items()}
    key = {
        "digests": digests,
        "image_size": config.image_size,
        "skip_corrupt_images": config.skip_corrupt_images,
        "decoding": decoding.VERSION,
    }
    cached = ImageCache(cache, key)
    found = cached.load()
    decoded = found or {
        part: decoding.decode_all(files, config.image_size, config.skip_corrupt_images)
        for part, files in listing.parts.items()
    }
    damaged = [
        listing.parts[part][position][0]
        for part, (_, left_out) in decoded.items()
        for position in left_out
    ]
    images = {part: images for part, (images, _) in decoded.items()}
    contents = Contents(images, listing.class_names, digests, listing.remarks(damaged))
    check(contents)
    if found is None:
        cached.save(decoded)
    return contents


def _read_digits(config: DataConfig, with_test: bool) -> Contents[Images]:
    """Handwritten digits that come with scikit-learn: 8 x 8 pixels of 17 gray levels."""
    import sklearn.datasets  # Here, as it takes long to import.

    digits = sklearn.datasets.load_digits()
    gray = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    images = stack([(gray, digits.target)], config.image_size)
    train, test = np.split(np.arange(len(images)), [_DIGITS_TO_LEARN_FROM])
    class_names = tuple(str(name) for name in digits.target_names)
    parts = {TRAIN: images.take(train), TEST: images.take(test) if with_test else None}
    return from_parts(parts, class_names)
