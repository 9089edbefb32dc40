"""All images of a data set in memory, before some are held out for validation."""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.data import contents as data_contents
from snas_tf.data import splits
from snas_tf.data.contents import Contents
from snas_tf.data.folder import TEST, TRAIN, VALIDATION
from snas_tf.data.images import Images, require_same_size
from snas_tf.data.memory_dataset import MemoryDataset
from snas_tf.data.mirroring import is_mirrored
from snas_tf.data.share import WHOLE, Share
from snas_tf.data.summary import list_names, summarize
from snas_tf.errors import UserError


@dataclasses.dataclass(frozen=True, eq=False)
class MemoryCollection:
    """All images that a run may see; see `batches.Collection`.

    `split` holds some of the training images out; where the data set has validation images of its
    own, those are taken and none is held out.

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
        """See `batches.Collection`."""
        return {
            "class_names": list(self.contents.class_names),
            "images": {part: len(images) for part, images in self.contents.parts.items()},
            "digest": dict(self.contents.digests),
        }

    @property
    def num_training(self) -> int:
        """The number of training images that `split` gives."""
        return len(self._train) - int(self._held_out().sum())

    def split(self, seed: int, share: Share = WHOLE) -> MemoryDataset:
        """Split into training, validation and test images; a seed always holds out the same ones.

        Every class gives its share of the validation images, as in `splits.held_out_counts`.

        Args:
            seed: at least 0.
            share: which part of every batch is made.
        """
        train, validation = self._train, self.contents.parts.get(VALIDATION)
        if validation is None:
            learned, kept = splits.split(train.labels, self._held_out(), seed)
            train, validation = train.take(learned), train.take(kept)
        test = self.contents.parts.get(TEST)
        name, class_names = self.config.dataset, self.contents.class_names
        return MemoryDataset(name, train, validation, class_names, self.mirror, test, share)

    def without_test(self) -> "MemoryCollection":
        """Return the collection that is read where test images are not wanted."""
        parts, digests = dict(self.contents.parts), dict(self.contents.digests)
        for one in (parts, digests):
            one.pop(TEST, None)
        contents = dataclasses.replace(self.contents, parts=parts, digests=digests)
        return dataclasses.replace(self, contents=contents)

    def summary(self) -> str:
        """See `batches.Collection`."""
        counts = {name: len(images) for name, images in self.contents.parts.items()}
        held_out = len(self._train) - self.num_training
        counts = {TRAIN: self.num_training, VALIDATION: held_out} | {
            name: count for name, count in counts.items() if name != TRAIN
        }
        height, width = self._train.images.shape[1:3]
        size = f"{height} x {width} pixels"
        remarks = (*self.contents.remarks, *self._describe_lacking())
        return summarize(counts, self.contents.class_names, size, self.mirror, remarks)

    @property
    def _train(self) -> Images:
        return self.contents.parts[TRAIN]

    def _held_out(self) -> np.ndarray:
        """Count the images of each class that are held out: int64 [classes]."""
        own = VALIDATION in self.contents.parts
        fraction = 0.0 if own else self.config.validation_fraction
        return splits.held_out_counts(self._class_counts(), fraction)

    def _class_counts(self) -> np.ndarray:
        return np.bincount(self._train.labels, minlength=len(self.contents.class_names))

    def _describe_lacking(self) -> list[str]:
        """Name the classes without training images, or too small to give a validation image."""
        if VALIDATION in self.contents.parts or not self.config.validation_fraction:
            return []
        counts, names = self._class_counts(), np.array(self.contents.class_names)
        lines = []
        for count, part in ((0, TRAIN), (1, VALIDATION)):
            lacking = names[counts == count].tolist()
            if lacking:
                lines.append(
                    f"classes without a {part} image, as they have {count}: {list_names(lacking)}"
                )
        return lines


def read(
    config: DataConfig, with_test: bool = False, cache: pathlib.Path | None = None
) -> MemoryCollection:
    """Read the images of a data set, once for all seeds.

    Args:
        config: which images.
        with_test: to evaluate a cell, not to search one: the test images are read too, which they
            never are without it, and a `validation_fraction` of 0 holds no image out.
        cache: directory for a file of the decoded images of a folder, which spares decoding them
            again; None for no such file.

    Raises:
        UserError: the images can't be had, or are too few for `config`.
    """
    mirror = is_mirrored(config)

    def check(contents: Contents) -> None:
        check_usable(MemoryCollection(config, contents, mirror), with_test)

    contents = data_contents.read(config, with_test, cache, check)
    return MemoryCollection(config, contents, mirror)


def check_usable(collection: MemoryCollection, with_test: bool) -> None:
    """Check that the images are of one size and enough.

    Args:
        collection: the images.
        with_test: see `read`.

    Raises:
        UserError: they are not.
    """
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
