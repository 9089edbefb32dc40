"""A data set whose training images are divided: some for theta, the others for the architecture."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from snas_tf.data import splits
from snas_tf.data.batches import HELD_OUT, VALIDATION, BatchConfig
from snas_tf.data.encoded_dataset import EncodedDataset
from snas_tf.data.memory_dataset import MemoryDataset
from snas_tf.data.share import Share
from snas_tf.errors import UserError

JUDGED = 1000
"""The most images on which a child is judged, unless a batch is larger."""

SplitDataset = MemoryDataset | EncodedDataset
"""A data set of parts, whose training images can be divided further."""

_ORDER = 2**31
"""Added to the seed of a run, which is smaller, for batches of images held out."""


@dataclasses.dataclass(frozen=True, eq=False)
class HeldOutDataset:
    """Images to train theta on, and images held out of these; see `batches.Dataset`.

    A batch of training images comes with a batch of held-out images, as its entry "held_out". The
    validation images are in neither.

    Attributes:
        theta: the data set whose training images theta is trained on.
        held_out: the same data set, with the held-out images as its training images.
    """

    theta: SplitDataset
    held_out: SplitDataset

    @classmethod
    def divide(
        cls, dataset: SplitDataset, fraction: float, seed: int, batch_size: int
    ) -> "HeldOutDataset":
        """Divide the training images at random, those of each class alike.

        Args:
            dataset: the images.
            fraction: share of the training images to hold out.
            seed: at least 0; a seed always holds out the same images.
            batch_size: images a step.

        Raises:
            UserError: a part is smaller than a batch.
        """
        counts = check_division(dataset, fraction, batch_size)
        parts = splits.split(dataset.train.labels, counts, seed)
        theta, held_out = (
            dataclasses.replace(dataset, train=dataset.train.take(part))  # type: ignore[arg-type]
            for part in parts
        )
        return cls(theta, held_out)

    def summary(self) -> str:
        """The line that a run prints about the division."""
        return (
            f"divided   {self.num_training:,} training images for the weights, "
            f"{self.held_out.num_training:,} for the architecture"
        )

    @property
    def name(self) -> str:
        """See `batches.Dataset`."""
        return self.theta.name

    @property
    def class_names(self) -> tuple[str, ...]:
        """See `batches.Dataset`."""
        return self.theta.class_names

    @property
    def image_size(self) -> tuple[int, int]:
        """See `batches.Dataset`."""
        return self.theta.image_size

    @property
    def preprocessing(self) -> str:
        """See `batches.Dataset`."""
        return self.theta.preprocessing

    @property
    def num_training(self) -> int:
        """The number of images that theta is trained on."""
        return self.theta.num_training

    @property
    def share(self) -> Share:
        """See `batches.Dataset`."""
        return self.theta.share

    def channel_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """See `batches.Dataset`; of the images that theta is trained on."""
        return self.theta.channel_statistics()

    def steps_per_epoch(self, batch_size: int) -> int:
        """The number of full batches in one pass over the images that theta is trained on."""
        return self.theta.steps_per_epoch(batch_size)

    def training_batches(
        self, config: BatchConfig, first_step: int, num_steps: int
    ) -> tf.data.Dataset:
        """See `batches.Dataset`; "held_out" is a batch of the images held out."""
        other = dataclasses.replace(config, seed=config.seed + _ORDER)
        batches = (
            self.theta.training_batches(config, first_step, num_steps),
            self.held_out.training_batches(other, first_step, num_steps),
        )
        return tf.data.Dataset.zip(batches).map(
            lambda theta, held_out: {**theta, HELD_OUT: held_out}
        )

    def judging_batches(self, batch_size: int) -> tf.data.Dataset:
        """Make batches of held-out images on which children are judged, always the same ones.

        They are as many whole batches as `JUDGED` images fill, at least one, from the first
        held-out image on; or all held-out images, if these are fewer.
        """
        batches = self.evaluation_batches(HELD_OUT, batch_size)
        assert batches is not None  # At least a batch is held out.
        return batches.take(max(1, JUDGED // batch_size))

    def evaluation_batches(self, part: str, batch_size: int) -> tf.data.Dataset | None:
        """See `batches.Dataset`; `HELD_OUT` is a part too."""
        if part == HELD_OUT:
            images: Any = self.held_out.train
            held_out = dataclasses.replace(self.held_out, validation=images)
            return held_out.evaluation_batches(VALIDATION, batch_size)
        return self.theta.evaluation_batches(part, batch_size)

    def training_sample(self, count: int) -> np.ndarray:
        """See `batches.Dataset`; of the images that theta is trained on."""
        return self.theta.training_sample(count)


def check_division(dataset: SplitDataset, fraction: float, batch_size: int) -> np.ndarray:
    """Count the images of each class to hold out, int64 [classes].

    Args:
        dataset: the images.
        fraction: share of the training images to hold out.
        batch_size: images a step.

    Raises:
        UserError: a part is smaller than a batch.
    """
    labels = dataset.train.labels
    counts = splits.held_out_counts(np.bincount(labels), fraction)
    held_out = int(counts.sum())
    if min(held_out, len(labels) - held_out) < batch_size:
        raise UserError(
            f"`architecture_fraction`={fraction:g}: divides {len(labels)} training images into "
            f"{len(labels) - held_out} and {held_out}, accepted: no part smaller than "
            f"`batch_size`={batch_size}"
        )
    return counts
