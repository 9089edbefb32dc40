"""Batches of a data set, addressed by step: a restart at any step changes nothing.

The arrays are captured as tensors in host memory, so no graph holds a copy of them.
"""

import numpy as np
import tensorflow as tf

from snas_tf.config import DataConfig
from snas_tf.data.augment import crop_and_flip, cutout
from snas_tf.data.datasets import Dataset
from snas_tf.data.encoded import EncodedDataset
from snas_tf.data.images import Images

without_autograph = tf.autograph.experimental.do_not_convert
"""For what makes a pipeline of TensorFlow alone: to convert a function takes half a second."""

_ORDER, _AUGMENTATION, _CUTOUT = 0, 1, 2
"""What a random number is for; one seed drives all of them independently."""


def steps_per_epoch(dataset: Dataset | EncodedDataset, batch_size: int) -> int:
    """Full batches in one pass over the training images; an incomplete last one is dropped."""
    return len(dataset.train) // batch_size


@without_autograph
def training_batches(
    dataset: Dataset,
    config: DataConfig,
    seed: int,
    first_step: int,
    num_steps: int,
    *,
    cutout_length: int = 0,
) -> tf.data.Dataset:
    """The batches of steps `first_step` to `first_step + num_steps - 1`.

    Step N's batch depends on `seed` and N alone. Every epoch of `steps_per_epoch` steps takes the
    training images in a new order, each at most once.

    Args:
        dataset: its training images are used.
        config: `batch_size` is used, at most the number of training images.
        seed: of the order and the augmentation.
        first_step: counted from 0 at the start of the run.
        num_steps: how many batches.
        cutout_length: side in pixels of the square that is covered with the mean colour of the
            training images in each image; 0 for none.

    Returns:
        Dicts of "image", uint8 [batch, height, width, channels = 3], augmented; "label", int64
        [batch]; "index", int64 [batch], positions in the training images.
    """
    images, labels = _on_host(dataset.train)
    fill = mean_colour(dataset) if cutout_length else None

    def batch(step: tf.Tensor, index: tf.Tensor) -> dict[str, tf.Tensor]:
        image = crop_and_flip(
            tf.gather(images, index), seed_of(seed, _AUGMENTATION, step), dataset.mirror
        )
        if cutout_length:
            image = cutout(image, seed_of(seed, _CUTOUT, step), cutout_length, fill)
        return {"image": image, "label": tf.gather(labels, index), "index": index}

    steps = shuffled_steps(len(dataset.train), config.batch_size, seed, first_step, num_steps)
    return steps.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def shuffled_steps(
    count: int, batch_size: int, seed: int, first_step: int, num_steps: int
) -> tf.data.Dataset:
    """Which examples the steps `first_step` to `first_step + num_steps - 1` take.

    Args:
        count: examples, of which every epoch takes each at most once, in a new order.
        batch_size: examples a step.
        seed: of the orders.
        first_step: counted from 0 at the start of the run.
        num_steps: how many.

    Returns:
        Pairs of the step, int64 [], and positions, int64 [batch].
    """
    epoch_steps = count // batch_size
    first_epoch, done = divmod(first_step, epoch_steps)
    last_epoch = (first_step + num_steps - 1) // epoch_steps

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        # Not `index_shuffle`: on 45,000 images the orders of neighbouring epochs are alike.
        shuffled = tf.random.experimental.stateless_shuffle(
            tf.range(count, dtype=tf.int64), seed_of(seed, _ORDER, epoch)
        )
        full = shuffled[: epoch_steps * batch_size]
        return tf.data.Dataset.from_tensor_slices(tf.reshape(full, [-1, batch_size]))

    indices = tf.data.Dataset.range(first_epoch, last_epoch + 1).flat_map(order)
    return indices.skip(done).take(num_steps).enumerate(start=first_step)


@without_autograph
def evaluation_batches(images: Images, batch_size: int) -> tf.data.Dataset:
    """Every example once and in order, in batches of one shape.

    The last batch is filled up with the last example again, at weight 0.

    Args:
        images: the examples.
        batch_size: examples a batch.

    Returns:
        Dicts of "image", uint8 [batch, height, width, channels = 3]; "label", int64 [batch];
        "index", int64 [batch], positions in `images`; "weight", float32 [batch], 1 or 0.
    """
    host_images, host_labels = _on_host(images)
    count = len(images)

    def batch(start: tf.Tensor) -> dict[str, tf.Tensor]:
        positions = start + tf.range(batch_size, dtype=tf.int64)
        index = tf.minimum(positions, count - 1)
        return {
            "image": tf.gather(host_images, index),
            "label": tf.gather(host_labels, index),
            "index": index,
            "weight": tf.cast(positions < count, tf.float32),
        }

    starts = tf.data.Dataset.range(0, count, batch_size)
    return starts.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _on_host(images: Images) -> tuple[tf.Tensor, tf.Tensor]:
    with tf.device("CPU"):
        return tf.constant(images.images), tf.constant(images.labels)


def mean_colour(dataset: Dataset) -> tf.Tensor:
    """The mean of a data set's training pixels, uint8 [channels = 3], in host memory."""
    mean, _ = dataset.channel_statistics()
    with tf.device("CPU"):
        return tf.constant(np.rint(mean).astype(np.uint8))


def seed_of(seed: int, purpose: int, number: tf.Tensor) -> tf.Tensor:
    """A seed, int64 [2], of its own for each purpose and number, such as the step's."""
    return tf.random.experimental.stateless_fold_in(tf.constant([seed, purpose], tf.int64), number)
