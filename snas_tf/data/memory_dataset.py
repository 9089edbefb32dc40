"""A data set in memory, split into training, validation and test images."""

import dataclasses
from typing import ClassVar

import numpy as np
import tensorflow as tf

from snas_tf.data import pipeline, seeds
from snas_tf.data.augment import crop_and_flip, cutout, mean_color
from snas_tf.data.batch_order import shuffled_steps
from snas_tf.data.batches import TEST, VALIDATION, BatchConfig, evenly_spaced
from snas_tf.data.images import Images
from snas_tf.data.share import WHOLE, Share

_CHUNK = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class MemoryDataset:
    """The images a network learns from and those held out, all in memory; see `batches.Dataset`.

    Attributes:
        name: the value of `DataConfig.dataset`.
        train: the images to learn from.
        validation: the images held out of the training images, or of a part of their own.
        class_names: the name of each class, in the order of the labels.
        mirror: whether training images are mirrored at random.
        test: images apart from both; None where they were not asked for or there are none.
        share: which part of every batch is made.
    """

    name: str
    train: Images
    validation: Images
    class_names: tuple[str, ...]
    mirror: bool
    test: Images | None = None
    share: Share = WHOLE

    preprocessing: ClassVar[str] = "resize"

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of every image, in pixels."""
        return self.train.images.shape[1:3]

    @property
    def num_training(self) -> int:
        """The number of training images."""
        return len(self.train)

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

    def steps_per_epoch(self, batch_size: int) -> int:
        """The number of full batches in one pass over the training images."""
        return self.num_training // batch_size

    @tf.autograph.experimental.do_not_convert  # To convert a function takes half a second.
    def training_batches(
        self, config: BatchConfig, first_step: int, num_steps: int
    ) -> tf.data.Dataset:
        """See `batches.Dataset`; images are shifted, mirrored, and covered by a cutout."""
        images, labels = _on_host(self.train)
        fill = mean_color(self.channel_statistics()[0]) if config.cutout_length else None

        def batch(step: tf.Tensor, index: tf.Tensor) -> dict[str, tf.Tensor]:
            index = self.share.take(index)
            seed = seeds.make_seed(config.seed, seeds.AUGMENTATION, step)
            image = crop_and_flip(tf.gather(images, index), seed, self.mirror, self.share)
            if config.cutout_length:
                seed = seeds.make_seed(config.seed, seeds.CUTOUT, step)
                image = cutout(image, seed, config.cutout_length, fill, self.share)
            return {"image": image, "label": tf.gather(labels, index), "index": index}

        steps = shuffled_steps(
            self.num_training, config.batch_size, config.seed, first_step, num_steps
        )
        batches = steps.map(batch, num_parallel_calls=pipeline.AHEAD)
        return pipeline.keep_numbers(batches.prefetch(pipeline.AHEAD))

    @tf.autograph.experimental.do_not_convert
    def evaluation_batches(self, part: str, batch_size: int) -> tf.data.Dataset | None:
        """See `batches.Dataset`; images are not changed."""
        images = {VALIDATION: self.validation, TEST: self.test}[part]
        if images is None or not len(images):
            return None
        count = len(images)
        host_images, host_labels = _on_host(images)

        def batch(start: tf.Tensor) -> dict[str, tf.Tensor]:
            positions = start + self.share.take(tf.range(batch_size, dtype=tf.int64))
            index = tf.minimum(positions, count - 1)
            return {
                "image": tf.gather(host_images, index),
                "label": tf.gather(host_labels, index),
                "index": index,
                "weight": tf.cast(positions < count, tf.float32),
            }

        starts = tf.data.Dataset.range(0, count, batch_size)
        batches = starts.map(batch, num_parallel_calls=pipeline.AHEAD)
        return pipeline.keep_numbers(batches.prefetch(pipeline.AHEAD))

    def training_sample(self, count: int) -> np.ndarray:
        """See `batches.Dataset`."""
        return self.train.images[evenly_spaced(count, self.num_training)]


def _on_host(images: Images) -> tuple[tf.Tensor, tf.Tensor]:
    """Images and labels as tensors in host memory, so that no graph holds a copy of them."""
    with tf.device("CPU"):
        return tf.constant(images.images), tf.constant(images.labels)
