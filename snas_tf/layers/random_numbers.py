"""Random numbers of a training step: the same when XLA compiles the step as without it."""

from collections.abc import Sequence

import tensorflow as tf

from snas_tf.layers import placement

_MANTISSA_BITS = 23


def fold_in(seed: tf.Tensor, number: tf.Tensor | int) -> tf.Tensor:
    """Make a seed, integers [2], that differs for each number."""
    return tf.random.experimental.stateless_fold_in(seed, number, alg=_algorithm())


def uniform(shape: Sequence[int | tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
    """Draw float32 numbers of [0, 1), a pure function of the seed, integers [2]."""
    if not placement.is_compiled():
        return tf.random.stateless_uniform(shape, seed)
    # Of the same random bits, XLA makes other numbers than TensorFlow's kernels, which do this.
    bits = tf.random.stateless_uniform(shape, seed, None, None, tf.int32, alg=_algorithm())
    mantissas = tf.bitwise.bitwise_and(bits, 2**_MANTISSA_BITS - 1)
    return tf.cast(mantissas, tf.float32) * 2.0**-_MANTISSA_BITS


def integers(shape: Sequence[int | tf.Tensor], seed: tf.Tensor, bound: int) -> tf.Tensor:
    """Draw int32 numbers, 0 to `bound` - 1, a pure function of the seed, integers [2]."""
    return tf.random.stateless_uniform(shape, seed, 0, bound, tf.int32, alg=_algorithm())


def _algorithm() -> str:
    """Name that of TensorFlow's kernels for XLA alone: naming it takes twelve times as long."""
    return "philox" if placement.is_compiled() else "auto_select"
