"""A data set in memory, split into training, validation and test images."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.data import folder, prepared, splits
from snas_tf.data.fingerprint import digest_arrays
from snas_tf.data.images import Images, require_same_size, stack
from snas_tf.data.summary import summarize
from snas_tf.errors import UserError

MINIMUM_IMAGE_SIZE = 8
"""Two reductions leave 2 x 2 of it."""

_CHARACTERS = ("mnist", "svhn", "digits", "omniglot", "cmaterdb")
"""In the names of data sets of characters, whatever the case."""

_CHUNK = 1024
_DIGITS_TO_LEARN_FROM = 1500
"""Of 1,797 that come without a split; the others, last in their order, are test images."""


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """The images a network learns from, and those held out.

    Attributes:
        name: the value of `--dataset`.
        train: the images to learn from.
        validation: the images held out of `train`.
        class_names: the name of each class, in the order of the labels.
        mirror: whether a mirrored image keeps its class.
        test: images apart from both; None where they were not asked for or there are none.
    """

    name: str
    train: Images
    validation: Images
    class_names: tuple[str, ...]
    mirror: bool
    test: Images | None = None

    @property
    def num_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of every image, in pixels."""
        return self.train.images.shape[1:3]

    def channel_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the training pixels, each float32 [channels = 3].

        Both are on the scale of the pixels, 0 to 255. The deviation is at least one step of it,
        so a constant channel can be divided by it.
        """
        counts = np.zeros((3, 256), np.int64)
        for start in range(0, len(self.train), _CHUNK):  # Counting all at once takes 8x the memory.
            chunk = self.train.images[start : start + _CHUNK].reshape(-1, 3)
            counts += [np.bincount(channel, minlength=256) for channel in chunk.T]
        values, weights = np.arange(256), counts / counts.sum(axis=1, keepdims=True)
        mean = weights @ values
        variance = (weights * (values - mean[:, np.newaxis]) ** 2).sum(axis=1)
        deviation = np.maximum(np.sqrt(variance), 1.0)
        return mean.astype(np.float32), deviation.astype(np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class Collection:
    """All images that a run may see; `split` holds some of the training images out.

    Attributes:
        config: which images they are.
        train: the training images.
        validation: images for validation alone; None where those are held out of `train`.
        test: images for the test alone; None where they were not asked for or there are none.
        class_names: the name of each class, in the order of the labels.
        mirror: whether a mirrored image keeps its class.
        fingerprint: what decides a result, as JSON has it: class names, counts, a digest.
        remarks: what else a user has to know of them.
    """

    config: DataConfig
    train: Images
    validation: Images | None
    test: Images | None
    class_names: tuple[str, ...]
    mirror: bool
    fingerprint: Mapping[str, Any]
    remarks: tuple[str, ...] = ()

    def split(self, seed: int) -> Dataset:
        """Training, validation and test images; the same ones are held out for a seed.

        Args:
            seed: at least 0.
        """
        train, validation = self.train, self.validation
        if validation is None:
            learned, kept = splits.split(train.labels, self._held_out(), seed)
            train, validation = train.take(learned), train.take(kept)
        return Dataset(
            self.config.dataset, train, validation, self.class_names, self.mirror, self.test
        )

    def summary(self) -> str:
        """What a run prints of its images before it trains."""
        held_out = int(self._held_out().sum())
        if self.validation is None:
            parts = [f"{len(self.train) - held_out:,} training", f"{held_out:,} validation"]
        else:
            parts = [f"{len(self.train):,} training", f"{len(self.validation):,} validation"]
        parts += [] if self.test is None else [f"{len(self.test):,} test"]
        height, width = self.train.images.shape[1:3]
        size = f"{height} x {width} pixels"
        return summarize(parts, self.class_names, size, self.mirror, self.remarks)

    def num_training(self) -> int:
        """How many images `split` gives to learn from."""
        return len(self.train) - int(self._held_out().sum())

    def _held_out(self) -> np.ndarray:
        counts = np.bincount(self.train.labels, minlength=len(self.class_names))
        fraction = self.config.validation_fraction if self.validation is None else 0.0
        return splits.held_out_counts(counts, fraction)


def read(
    config: DataConfig, with_test: bool = False, cache: pathlib.Path | None = None
) -> Collection:
    """Reads the images of a data set, once for all seeds.

    Args:
        config: which images.
        with_test: to evaluate a cell, not to search one: the test images are read too, which they
            never are without it, and a `validation_fraction` of 0 holds no image out.
        cache: directory for a file of decoded images, which spares decoding them again; None for
            no such file.

    Raises:
        UserError: a value of `config` is not accepted, or the images can't be had.
    """
    _check(config, with_test)
    images, test, class_names = _READERS.get(config.dataset, prepared.read)(config, with_test)
    if test is not None:
        require_same_size(images.images, test.images)
    mirror = keeps_class(config.dataset) if config.mirror is None else config.mirror
    collection = Collection(
        config, images, None, test, class_names, mirror, _fingerprint(images, test, class_names)
    )
    if config.batch_size > collection.num_training():
        raise UserError(
            f"--batch_size={config.batch_size}: more than the {collection.num_training()} training "
            f"images; accepted: 1 to {collection.num_training()}"
        )
    return collection


def _fingerprint(
    train: Images, test: Images | None, class_names: tuple[str, ...]
) -> dict[str, Any]:
    parts = [train] if test is None else [train, test]
    arrays = [array for part in parts for array in (part.images, part.labels)]
    return {
        "class_names": list(class_names),
        "images": [len(part) for part in parts],
        "digest": digest_arrays(*arrays),
    }


def load(config: DataConfig, seed: int, with_test: bool = False) -> Dataset:
    """Reads a data set and splits it, as `read` and `Collection.split` do."""
    return read(config, with_test).split(seed)


def _check(config: DataConfig, with_test: bool) -> None:
    if config.image_size is not None and config.image_size < MINIMUM_IMAGE_SIZE:
        raise UserError(
            f"--image_size={config.image_size}: too small; accepted: {MINIMUM_IMAGE_SIZE} or more"
        )
    fraction = config.validation_fraction
    if not (0 < fraction < 1 or (with_test and fraction == 0)):
        lowest = "0 or more" if with_test else "more than 0"
        raise UserError(
            f"--validation_fraction={fraction}: not a share; accepted: {lowest}, less than 1"
        )
    if config.batch_size < 1:
        raise UserError(f"--batch_size={config.batch_size}: too small; accepted: 1 or more")


def _read_digits(
    config: DataConfig, with_test: bool
) -> tuple[Images, Images | None, tuple[str, ...]]:
    """Handwritten digits that come with scikit-learn: 8 x 8 pixels of 17 grey levels."""
    import sklearn.datasets  # Here, as it takes long to import.

    digits = sklearn.datasets.load_digits()
    grey = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    images = stack([(grey, digits.target)], config.image_size)
    train, test = np.split(np.arange(len(images)), [_DIGITS_TO_LEARN_FROM])
    class_names = tuple(str(name) for name in digits.target_names)
    return images.take(train), images.take(test) if with_test else None, class_names


_READERS = {"digits": _read_digits, "folder": folder.read}


def keeps_class(name: str) -> bool:
    """Whether a mirrored image keeps its class: not where the images are of characters."""
    return not any(characters in name.lower() for characters in _CHARACTERS)
