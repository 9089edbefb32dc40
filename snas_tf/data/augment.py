"""Random changes to training images that keep their class."""

import numpy as np
import tensorflow as tf

from snas_tf.data.share import WHOLE, Share

_CHANNELS = 3


def crop_and_flip(
    images: tf.Tensor, seed: tf.Tensor, mirror: bool, share: Share = WHOLE
) -> tf.Tensor:
    """Shift each image at random and mirror half of them (Appendix G.1).

    An image is padded with zeros on every side, by 4 pixels if it measures 32 and by the same
    share of another size, then cropped back to its size at an offset of its own.

    Args:
        images: uint8 [batch, height, width, channels = 3].
        seed: integers [2]; the same seed draws the same changes.
        mirror: whether to mirror, each image with probability 1/2.
        share: which part of a batch the images are; its images change as they do in the batch.

    Returns:
        uint8 [batch, height, width, channels = 3].
    """
    batch, height, width = images.shape[:3]
    pad_y, pad_x = _padding(height), _padding(width)
    seed_y, seed_x, seed_flip = tf.unstack(tf.random.split(seed, 3))
    rows = _draw(batch, 2 * pad_y + 1, seed_y, share) + tf.range(height)
    columns = tf.range(width)
    if mirror:
        flip = _draw(batch, 2, seed_flip, share) == 1
        columns = tf.where(flip, columns[::-1], columns)
    columns += _draw(batch, 2 * pad_x + 1, seed_x, share)
    # Zeros go in between whole rows of bytes, which is twice as fast as between pixels.
    flat = tf.reshape(images, [batch, height, width * _CHANNELS])
    flat = tf.pad(flat, [[0, 0], [pad_y, pad_y], [pad_x * _CHANNELS, pad_x * _CHANNELS]])
    cropped = tf.gather(flat, rows, axis=1, batch_dims=1)
    cropped = tf.reshape(cropped, [batch, height, width + 2 * pad_x, _CHANNELS])
    return tf.gather(cropped, columns, axis=2, batch_dims=1)


def cutout(
    images: tf.Tensor, seed: tf.Tensor, length: int, fill: tf.Tensor, share: Share = WHOLE
) -> tf.Tensor:
    """Cover a square of each image, at a place of its own (DeVries and Taylor, 2017).

    The center is any pixel, so a square near the border is cut off there. It covers the rows
    max(0, y - length // 2) to min(height, y + length // 2), the last one excluded, and the columns
    alike. An odd length covers what the even one below it does.

    Args:
        images: uint8 [batch, height, width, channels = 3].
        seed: integers [2]; the same seed draws the same places.
        length: pixels on a side; 0 changes nothing.
        fill: uint8 [channels = 3], the color of the square; the mean of the training images is 0
            to the network.
        share: see `crop_and_flip`.

    Returns:
        uint8 [batch, height, width, channels = 3].
    """
    batch, height, width = images.shape[:3]
    seed_y, seed_x = tf.unstack(tf.random.split(seed, 2))
    rows = _near(_draw(batch, height, seed_y, share), height, length)
    columns = _near(_draw(batch, width, seed_x, share), width, length)
    # Choosing between whole rows of bytes is three times as fast as between pixels.
    columns = tf.repeat(columns, _CHANNELS, axis=1)
    covered = rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :]
    flat = tf.reshape(images, [batch, height, width * _CHANNELS])
    return tf.reshape(tf.where(covered, tf.tile(fill, [width]), flat), images.shape)


def mean_color(mean: np.ndarray) -> tf.Tensor:
    """Round the mean of the training pixels, float [channels = 3], to a color for `cutout`.

    Returns:
        uint8 [channels = 3], in host memory.
    """
    with tf.device("CPU"):
        return tf.constant(np.rint(mean).astype(np.uint8))


def _near(center: tf.Tensor, size: int, length: int) -> tf.Tensor:
    """Mark the positions within half of `length` of a center, [batch, 1]: bool [batch, size]."""
    distance = tf.range(size) - center
    return (-(length // 2) <= distance) & (distance < length // 2)


def _padding(size: int) -> int:
    return max(round(size / 8), 1)


def _draw(batch: int, below: int, seed: tf.Tensor, share: Share) -> tf.Tensor:
    """Draw a number of each image from 0 to less than `below`: int32 [batch, 1]."""
    whole = [batch * share.count, 1]
    return share.take(tf.random.stateless_uniform(whole, seed, 0, below, tf.int32))
