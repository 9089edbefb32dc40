"""The credit of operations (Eq. 8), averaged over an epoch."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture.search_space import SearchSpace


class Credit(keras.layers.Layer):
    """Running mean of the credit of each operation on each edge.

    A draw's credit R_ij = -dL/dx_j . O_ij(x_i) (Eq. 8) is the sum over the operations k of
    Z_ij^k times -dL/dZ_ij^k. The mean for operation k is that of -dL/dZ_ij^k over all draws, each
    with the weight Z_ij^k: with one-hot draws, over those in which the operation ran. Above 0, more
    of the operation lowers the loss.

    Args:
        space: kinds of cell, edges and operations.
        skip_threshold: operations with a smaller z did not run; they count as 0.
    """

    def __init__(self, space: SearchSpace, skip_threshold: float = 0.0) -> None:
        super().__init__(name="credit")
        self._skip_threshold = skip_threshold
        self._kinds = space.kinds
        # [credit and weight, kinds, edges, operations]
        self.totals = self.add_weight(
            name="totals",
            shape=(2, len(space.kinds), *space.shape),
            initializer="zeros",
            trainable=False,
            aggregation="sum",
        )
        self.built = True

    def add(self, z: Mapping[str, tf.Tensor], gradients: Mapping[str, tf.Tensor]) -> None:
        """Add a draw.

        Args:
            z: the draw, for each kind [edges, operations].
            gradients: of the mean loss of the draw's images with respect to it, of the same shapes.
        """
        weight = tf.stack([z[kind] for kind in self._kinds])
        weight = tf.where(weight < self._skip_threshold, 0.0, weight)
        credit = -weight * tf.stack([gradients[kind] for kind in self._kinds])
        # The replicas' terms are summed. Not Keras' `assign_add`, which would sum the totals too.
        self.totals.value.assign_add(tf.stack([credit, weight]))

    def mean(self) -> dict[str, np.ndarray]:
        """Mean credit [edges, operations] of each kind; NaN where an operation never ran."""
        credit, weight = self.totals.numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(weight > 0, credit / weight, np.nan)
        return dict(zip(self._kinds, mean, strict=True))

    def reset(self) -> None:
        """Forget all draws."""
        self.totals.assign(np.zeros(self.totals.shape))
