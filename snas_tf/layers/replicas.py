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
    def reduce_all(strategy: tf.distribute.Strategy, *values: tf.Tensor) -> Sequence[tf.Tensor]:
        pairs = [(value, value) for value in values]  # with where to
        return strategy.extended.batch_reduce_to(operation, pairs)

    # Not `all_reduce`, because TensorFlow keeps the graph that has its custom gradient.
    return list(tf.distribute.get_replica_context().merge_call(reduce_all, args=tuple(tensors)))
