"""Random numbers of a training step: the same on every device, and when XLA compiles the step."""

from collections.abc import Sequence

import tensorflow as tf

# TensorFlow would choose another algorithm for XLA than for its own kernels.
_ALGORITHM = "philox"
_MANTISSA_BITS = 23


def fold_in(seed: tf.Tensor, number: tf.Tensor | int) -> tf.Tensor:
    """Make a seed, integers [2], that differs for each number."""
    return tf.random.experimental.stateless_fold_in(seed, number, alg=_ALGORITHM)


def uniform(shape: Sequence[int | tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
    """Draw float32 numbers of [0, 1), a pure function of the seed, integers [2].

    They are those of `tf.random.stateless_uniform`, made of random bits as its kernels for CPUs and
    GPUs make them: of the same bits, XLA makes other numbers.
    """
    bits = tf.random.stateless_uniform(shape, seed, None, None, tf.int32, alg=_ALGORITHM)
    mantissas = tf.bitwise.bitwise_and(bits, 2**_MANTISSA_BITS - 1)
    return tf.cast(mantissas, tf.float32) * 2.0**-_MANTISSA_BITS


def integers(shape: Sequence[int | tf.Tensor], seed: tf.Tensor, bound: int) -> tf.Tensor:
    """Draw int32 numbers, 0 to `bound` - 1, a pure function of the seed, integers [2]."""
    return tf.random.stateless_uniform(shape, seed, 0, bound, tf.int32, alg=_ALGORITHM)
