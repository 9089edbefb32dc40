"""Means over examples, exact on any number of devices."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

_COUNT = "examples"


def sums(values: Mapping[str, tf.Tensor], weight: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
    """Sum measured values over a replica's examples, and count the examples.

    Args:
        values: by name, one value an example [batch], or one for all of them [].
        weight: weight of each example [batch]; None for 1.

    Returns:
        Scalars by name, "examples" with them, in double precision.
    """
    examples = next(value for value in values.values() if value.shape.rank == 1)
    weight = tf.ones_like(examples) if weight is None else weight
    weight = tf.cast(weight, tf.float64)
    weighted = {name: tf.reduce_sum(weight * tf.cast(values[name], tf.float64)) for name in values}
    return {**weighted, _COUNT: tf.reduce_sum(weight)}


class Means(keras.layers.Layer):
    """Running means of named values over all examples of all replicas.

    The `sums` of all replicas are added before the division.

    Args:
        names: what is measured.
        name: name of the layer.
    """

    def __init__(self, names: Sequence[str], name: str) -> None:
        super().__init__(name=name)
        self.names = (*names, _COUNT)
        self.totals = self.add_weight(
            name="totals",
            shape=(len(self.names),),
            dtype="float64",
            initializer="zeros",
            trainable=False,
        )
        self.built = True

    def add(
        self,
        strategy: tf.distribute.Strategy,
        replica_sums: Mapping[str, tf.Tensor],
        counts: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        """Add the sums of all replicas of a step; to be called outside of a replica.

        Args:
            strategy: of the replicas.
            replica_sums: what `sums` returned on each.
            counts: whether the step counts, a scalar; None for yes.

        Returns:
            The means so far, by name.
        """
        # In one vector, as machines send each other every tensor for itself.
        stacked = strategy.run(
            lambda sums: tf.stack([sums[name] for name in self.names]), (replica_sums,)
        )
        whole = strategy.reduce(tf.distribute.ReduceOp.SUM, stacked, axis=None)
        whole = whole if counts is None else tf.where(counts, whole, tf.zeros_like(whole))
        self.totals.value.assign_add(whole)
        totals = tf.convert_to_tensor(self.totals.value)
        means = tf.math.divide_no_nan(totals, totals[-1])
        return dict(zip(self.names[:-1], tf.unstack(means)[:-1], strict=True))

    def result(self) -> dict[str, float]:
        """Return the current means, by name."""
        totals = self.totals.numpy()
        return dict(
            zip(self.names[:-1], (totals / max(totals[-1], 1.0))[:-1].tolist(), strict=True)
        )

    def reset(self) -> None:
        """Reset to no examples."""
        self.totals.assign(np.zeros(len(self.names)))
