"""A data set in memory, split into training, validation and test images."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.data import readers, splits
from snas_tf.data.images import Images, require_same_size
from snas_tf.data.readers import TEST, TRAIN, VALIDATION, Contents
from snas_tf.data.summary import listed, summarize
from snas_tf.errors import UserError

_CHARACTERS = ("mnist", "svhn", "digits", "omniglot", "cmaterdb")
"""In the names of data sets of characters, whatever the case."""

_CHUNK = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """The images a network learns from, and those held out.

    Attributes:
        name: of the data set.
        train: the images to learn from.
        validation: the images held out of the training images, or of a part of their own.
        class_names: the name of each class, in the order of the labels.
        mirror: whether training images are mirrored at random.
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

    Where the data set has validation images of its own, those are taken and none is held out.

    Attributes:
        config: which images they are.
        contents: the images.
        mirror: whether training images are mirrored at random.
    """

    config: DataConfig
    contents: Contents
    mirror: bool

    @property
    def fingerprint(self) -> Mapping[str, Any]:
        """What decides a result, as JSON has it: class names, counts of images, a digest.

        It is the same for every seed, and for a folder that has moved.
        """
        return {
            "class_names": list(self.contents.class_names),
            "images": {part: len(images) for part, images in self.contents.parts.items()},
            "digest": self.contents.digest,
        }

    @property
    def num_training(self) -> int:
        """How many images `split` gives to learn from."""
        return len(self._train) - int(self._held_out().sum())

    def split(self, seed: int) -> Dataset:
        """Training, validation and test images; the same ones are held out for a seed.

        Every class gives its share of the validation images, as in `splits.held_out_counts`.

        Args:
            seed: at least 0.
        """
        train, validation = self._train, self.contents.parts.get(VALIDATION)
        if validation is None:
            learned, kept = splits.split(train.labels, self._held_out(), seed)
            train, validation = train.take(learned), train.take(kept)
        test = self.contents.parts.get(TEST)
        name, class_names = self.config.dataset, self.contents.class_names
        return Dataset(name, train, validation, class_names, self.mirror, test)

    def summary(self) -> str:
        """What a run prints of its images before it trains."""
        counts = {name: len(images) for name, images in self.contents.parts.items()}
        held_out = len(self._train) - self.num_training
        counts = {TRAIN: self.num_training, VALIDATION: held_out} | {
            name: count for name, count in counts.items() if name != TRAIN
        }
        height, width = self._train.images.shape[1:3]
        size = f"{height} x {width} pixels"
        remarks = (*self.contents.remarks, *self._lacking())
        return summarize(counts, self.contents.class_names, size, self.mirror, remarks)

    @property
    def _train(self) -> Images:
        return self.contents.parts[TRAIN]

    def _held_out(self) -> np.ndarray:
        """How many images of each class are held out: int64 [classes]."""
        own = VALIDATION in self.contents.parts
        fraction = 0.0 if own else self.config.validation_fraction
        return splits.held_out_counts(self._class_counts(), fraction)

    def _class_counts(self) -> np.ndarray:
        return np.bincount(self._train.labels, minlength=len(self.contents.class_names))

    def _lacking(self) -> list[str]:
        """The classes without training images, or too small to give a validation image."""
        if VALIDATION in self.contents.parts or not self.config.validation_fraction:
            return []
        counts, names = self._class_counts(), np.array(self.contents.class_names)
        lines = []
        for count, part in ((0, TRAIN), (1, VALIDATION)):
            lacking = names[counts == count].tolist()
            if lacking:
                lines.append(
                    f"classes without a {part} image, as they have {count}: {listed(lacking)}"
                )
        return lines


def read(
    config: DataConfig, with_test: bool = False, cache: pathlib.Path | None = None
) -> Collection:
    """Reads the images of a data set, once for all seeds.

    Args:
        config: which images.
        with_test: to evaluate a cell, not to search one: the test images are read too, which they
            never are without it, and a `validation_fraction` of 0 holds no image out.
        cache: directory for a file of the decoded images of a folder, which spares decoding them
            again; None for no such file.

    Raises:
        UserError: the images can't be had, or are too few for `config`.
    """
    mirror = keeps_class(config.dataset) if config.mirror is None else config.mirror

    def check(contents: Contents) -> None:
        _check_contents(Collection(config, contents, mirror), with_test)

    return Collection(config, readers.read(config, with_test, cache, check), mirror)


def load(config: DataConfig, seed: int, with_test: bool = False) -> Dataset:
    """Reads a data set and splits it, as `read` and `Collection.split` do."""
    return read(config, with_test).split(seed)


def keeps_class(name: str) -> bool:
    """Whether a mirrored image keeps its class: not where the images are of characters."""
    return not any(characters in name.lower() for characters in _CHARACTERS)


def _check_contents(collection: Collection, with_test: bool) -> None:
    config, parts = collection.config, collection.contents.parts
    if not (with_test or config.validation_fraction or VALIDATION in parts):
        raise UserError(
            f"`validation_fraction`={config.validation_fraction}: a search needs validation "
            "images; accepted: more than 0, less than 1"
        )
    for images in parts.values():
        require_same_size(parts[TRAIN].images, images.images)
    count = collection.num_training
    if config.batch_size > count:
        raise UserError(
            f"`batch_size`={config.batch_size}: more than the {count} training images; "
            f"accepted: 1 to {count}"
        )
