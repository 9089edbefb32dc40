"""All images of a data set, before some are held out for validation."""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.data import splits
from snas_tf.data.batches import TEST, TRAIN, VALIDATION, Dataset
from snas_tf.data.fingerprint import digest_arrays
from snas_tf.data.images import Images
from snas_tf.data.share import WHOLE, Share
from snas_tf.data.summary import list_names, summarize
from snas_tf.errors import UserError


class Source(Protocol):
    """Labeled images, in memory or on disk."""

    def __len__(self) -> int:
        """The number of images."""

    @property
    def labels(self) -> np.ndarray:
        """The labels, int64 [images]."""

    def take(self, positions: np.ndarray, /) -> Self:
        """The images at these positions, in that order."""

    def relabel(self, labels: np.ndarray) -> Self:
        """The same images with new labels, int64 [old labels]."""


AnySource = TypeVar("AnySource", bound=Source)


@dataclasses.dataclass(frozen=True, eq=False)
class Contents(Generic[AnySource]):
    """The images of a data set.

    Attributes:
        parts: the images of "train", first, and of "validation" and "test" where the data set has
            such parts and they are wanted.
        class_names: in the order of the labels.
        digests: digests of the images of each part with their labels.
        remarks: remarks for the user, such as files left out.
        notes: what else distinguishes these images, by name, in types of JSON.
    """

    parts: dict[str, AnySource]
    class_names: tuple[str, ...]
    digests: dict[str, str]
    remarks: tuple[str, ...] = ()
    notes: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def from_parts(
    parts: Mapping[str, Images | None],
    class_names: tuple[str, ...],
    remarks: tuple[str, ...] = (),
) -> Contents[Images]:
    """Collect images in memory, and digest the pixels of each part.

    Args:
        parts: the images by part; None for a part that there is not.
        class_names: see `Contents`.
        remarks: see `Contents`.
    """
    present = {part: images for part, images in parts.items() if images is not None}
    digests = {
        part: digest_arrays(images.images, images.labels) for part, images in present.items()
    }
    return Contents(present, class_names, digests, remarks)


@dataclasses.dataclass(frozen=True, eq=False)
class ImageCollection(abc.ABC, Generic[AnySource]):
    """All images that a run may see; see `batches.Collection`.

    `split` holds some of the training images out for validation, unless the data set has validation
    images of its own. A subclass makes the data set of what is split.

    Attributes:
        config: which images they are.
        contents: the images.
        mirror: whether training images are mirrored at random.
    """

    config: DataConfig
    contents: Contents[AnySource]
    mirror: bool

    @abc.abstractmethod
    def make_dataset(
        self, train: AnySource, validation: AnySource, test: AnySource | None
    ) -> Dataset:
        """Make a data set of the images to learn from, to validate on, and to test on."""

    @abc.abstractmethod
    def describe_size(self) -> str:
        """Describe the size of images in a batch."""

    @property
    def fingerprint(self) -> Mapping[str, Any]:
        """See `batches.Collection`."""
        return {
            "class_names": list(self.contents.class_names),
            "images": {part: len(images) for part, images in self.contents.parts.items()},
            "digest": dict(self.contents.digests),
            **self.contents.notes,
        }

    @property
    def train(self) -> AnySource:
        """The training images, those that `split` holds out included."""
        return self.contents.parts[TRAIN]

    @property
    def num_training(self) -> int:
        """The number of training images that `split` gives."""
        return len(self.train) - int(self._held_out().sum())

    def split(self, seed: int, share: Share = WHOLE) -> Any:
        """Split into training, validation and test images; a seed always holds out the same ones.

        Every class gives its share of the validation images, as in `splits.held_out_counts`.

        Args:
            seed: at least 0.
            share: which part of every batch is made.

        Returns:
            What `make_dataset` does.
        """
        train, validation = self.train, self.contents.parts.get(VALIDATION)
        if validation is None:
            learned, kept = splits.split(train.labels, self._held_out(), seed)
            train, validation = train.take(learned), train.take(kept)
        dataset: Any = self.make_dataset(train, validation, self.contents.parts.get(TEST))
        return dataclasses.replace(dataset, share=share)

    def without_test(self) -> Self:
        """Return the same collection without test images."""
        parts, digests = dict(self.contents.parts), dict(self.contents.digests)
        for one in (parts, digests):
            one.pop(TEST, None)
        contents = dataclasses.replace(self.contents, parts=parts, digests=digests)
        return dataclasses.replace(self, contents=contents)

    def check_usable(self, with_test: bool) -> None:
        """Check that there are enough images.

        Args:
            with_test: whether the images are to evaluate a cell, not to search one.

        Raises:
            UserError: there are fewer training images than a batch has, or no validation images
                for a search.
        """
        config = self.config
        if not (with_test or config.validation_fraction or VALIDATION in self.contents.parts):
            raise UserError(
                f"`validation_fraction`={config.validation_fraction}: a search needs validation "
                "images; accepted: more than 0, less than 1"
            )
        count = self.num_training
        if config.batch_size > count:
            raise UserError(
                f"`batch_size`={config.batch_size}: more than the {count} training images; "
                f"accepted: 1 to {count}"
            )

    def summary(self) -> str:
        """See `batches.Collection`."""
        counts = {name: len(images) for name, images in self.contents.parts.items()}
        held_out = len(self.train) - self.num_training
        counts = {TRAIN: self.num_training, VALIDATION: held_out} | {
            name: count for name, count in counts.items() if name != TRAIN
        }
        remarks = (*self.contents.remarks, *self._describe_lacking())
        size = self.describe_size()
        return summarize(counts, self.contents.class_names, size, self.mirror, remarks)

    def _held_out(self) -> np.ndarray:
        """Count the images of each class that are held out: int64 [classes]."""
        fraction = self.config.validation_fraction
        if VALIDATION in self.contents.parts or not fraction:
            return np.zeros(len(self.contents.class_names), np.int64)
        return splits.held_out_counts(self._class_counts(), fraction)

    def _class_counts(self) -> np.ndarray:
        return np.bincount(self.train.labels, minlength=len(self.contents.class_names))

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
