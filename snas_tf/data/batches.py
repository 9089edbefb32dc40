"""The interface of data sets: batches that are addressed by step."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from snas_tf.config import DataConfig
from snas_tf.data.share import WHOLE, Share

TRAIN, VALIDATION, TEST = "train", "validation", "test"
"""The parts of a data set: one to learn from, and two to evaluate on."""

HELD_OUT = "held_out"
"""Training images that theta is not trained on, for the parameters of an architecture."""


@dataclasses.dataclass(frozen=True)
class BatchConfig:
    """How training batches are drawn and augmented.

    Attributes:
        batch_size: images a batch, 1 to the number of training images.
        seed: seed of the order and of the augmentation.
        cutout_length: side in pixels of the square of the mean color that covers a part of each
            image; 0 for none.
        min_crop_area: the least share of an image's area that a random crop takes; of images that
            stay on disk.
        color_jitter: how far colors change at random, 0 to 1; of images that stay on disk.
    """

    batch_size: int
    seed: int = 0
    cutout_length: int = 0
    min_crop_area: float = DataConfig.min_crop_area
    color_jitter: float = DataConfig.color_jitter

    @classmethod
    def from_config(cls, config: DataConfig, seed: int, cutout_length: int = 0) -> "BatchConfig":
        """Make the config of the batches that a `DataConfig` asks for."""
        return cls(
            config.batch_size, seed, cutout_length, config.min_crop_area, config.color_jitter
        )


class Dataset(Protocol):
    """Images split into those to learn from and those to evaluate on."""

    @property
    def name(self) -> str:
        """The value of `DataConfig.dataset`."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each class, in the order of the labels."""

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of the images in a batch, in pixels."""

    @property
    def preprocessing(self) -> str:
        """How images of another size are prepared for evaluation.

        "resize" for the whole image, by area; "center_crop" for its middle, see `crops`.
        """

    @property
    def num_training(self) -> int:
        """The number of training images."""

    @property
    def share(self) -> Share:
        """Which part of every batch is made: that of this process, where several train."""

    def channel_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """The mean and the standard deviation by which a network normalizes pixels.

        Returns:
            Two float32 [channels = 3], on the scale of the pixels, 0 to 255.
        """

    def steps_per_epoch(self, batch_size: int) -> int:
        """The number of full batches in one pass over the training images."""

    def training_batches(
        self, config: BatchConfig, first_step: int, num_steps: int
    ) -> tf.data.Dataset:
        """Make the batches of steps `first_step` to `first_step + num_steps - 1`.

        Step N's batch depends on `config` and N alone, so a restart at any step changes nothing.
        Every epoch takes the training images in a new order, each at most once.

        Args:
            config: how they are drawn and augmented.
            first_step: counted from 0 at the start of the run.
            num_steps: the number of batches.

        Returns:
            Dicts of "image", uint8 [batch, height, width, channels = 3], augmented; "label", int64
            [batch]; and "index", int64 [batch], positions in the training images. They are the part
            `share` of the whole batch. Taking a batch raises an error, which
            `image_errors.as_user_errors` converts, if an image can't be read.
        """

    def evaluation_batches(self, part: str, batch_size: int) -> tf.data.Dataset | None:
        """Make batches of every image of a part once and in order, all of one shape.

        The last batch is filled up with the last image again, at weight 0.

        Args:
            part: `VALIDATION` or `TEST`.
            batch_size: images a batch, of which `share` is made.

        Returns:
            Dicts of "image", uint8 [batch, height, width, channels = 3]; "label", int64 [batch];
            "index", int64 [batch], positions in the part; "weight", float32 [batch], 1 or 0. None
            where the part has no images.
        """

    def training_sample(self, count: int) -> np.ndarray:
        """Take evenly spaced training images, prepared as in evaluation.

        They are always the same ones, and of all classes where the images are sorted by class.

        Args:
            count: how many; all, where there are fewer.

        Returns:
            uint8 [count, height, width, channels = 3].
        """


def evenly_spaced(count: int, total: int) -> np.ndarray:
    """Compute at most `count` evenly spaced positions, 0 to `total` - 1: int64 [positions]."""
    count = min(count, total)
    return np.arange(count, dtype=np.int64) * total // count


class Collection(Protocol):
    """All images that a run may see, read once for all seeds."""

    @property
    def fingerprint(self) -> Mapping[str, Any]:
        """What distinguishes these images from others, in types of JSON.

        "class_names", a list in the order of the labels; "images", the number of images by part;
        "digest", of the images with their labels by part. It is the same for every seed, and for
        images that have moved.
        """

    def summary(self) -> str:
        """The description of the images that a run prints before it trains."""

    def split(self, seed: int, share: Share = WHOLE) -> Dataset:
        """Split the images.

        Args:
            seed: what is held out at random is the same for a seed, at least 0.
            share: which part of every batch is made.
        """
