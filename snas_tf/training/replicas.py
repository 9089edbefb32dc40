"""Values that all replicas of a step agree on."""

from collections.abc import Sequence

import tensorflow as tf


def add_up(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Return the sum over all replicas of each tensor, communicated at once."""
    return _reduce(tf.distribute.ReduceOp.SUM, tensors)


def average(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Return the mean over all replicas of each tensor, communicated at once."""
    return _reduce(tf.distribute.ReduceOp.MEAN, tensors)


def _reduce(operation: tf.distribute.ReduceOp, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    context = tf.distribute.get_replica_context()
    # TensorFlow keeps the graph of every `all_reduce` for as long as the process lives.
    if context.num_replicas_in_sync == 1:
        return list(tensors)
    return context.all_reduce(operation, list(tensors))
