"""Random changes to training images that keep their class."""

import tensorflow as tf

_CHANNELS = 3


def crop_and_flip(images: tf.Tensor, seed: tf.Tensor, mirror: bool) -> tf.Tensor:
    """Shifts each image at random and mirrors half of them (Appendix G.1).

    An image is padded with zeros on every side, by 4 pixels if it measures 32 and by the same
    share of another size, then cropped back to its size at an offset of its own.

    Args:
        images: uint8 [batch, height, width, channels = 3].
        seed: integers [2]; the same seed draws the same changes.
        mirror: whether to mirror, each image with probability 1/2.

    Returns:
        uint8 [batch, height, width, channels = 3].
    """
    batch, height, width = images.shape[:3]
    pad_y, pad_x = _padding(height), _padding(width)
    seed_y, seed_x, seed_flip = tf.unstack(tf.random.split(seed, 3))
    rows = _offsets(batch, pad_y, seed_y) + tf.range(height)
    columns = tf.range(width)
    if mirror:
        flip = tf.random.stateless_uniform([batch, 1], seed_flip, 0, 2, tf.int32) == 1
        columns = tf.where(flip, columns[::-1], columns)
    columns += _offsets(batch, pad_x, seed_x)
    # Zeros go in between whole rows of bytes, which is twice as fast as between pixels.
    flat = tf.reshape(images, [batch, height, width * _CHANNELS])
    flat = tf.pad(flat, [[0, 0], [pad_y, pad_y], [pad_x * _CHANNELS, pad_x * _CHANNELS]])
    cropped = tf.gather(flat, rows, axis=1, batch_dims=1)
    cropped = tf.reshape(cropped, [batch, height, width + 2 * pad_x, _CHANNELS])
    return tf.gather(cropped, columns, axis=2, batch_dims=1)


def _padding(size: int) -> int:
    return max(round(size / 8), 1)


def _offsets(batch: int, padding: int, seed: tf.Tensor) -> tf.Tensor:
    """Where the crops begin in the padded images: int32 [batch, 1], 0 to twice the padding."""
    return tf.random.stateless_uniform([batch, 1], seed, 0, 2 * padding + 1, tf.int32)
