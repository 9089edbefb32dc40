"""The part of every batch that one process takes."""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Share:
    """One of several parts of every batch, of the same size each and in order.

    Attributes:
        index: which part, counted from 0.
        count: how many parts a batch has, which divides its size.
    """

    index: int = 0
    count: int = 1

    def take(self, values: tf.Tensor) -> tf.Tensor:
        """Take this part of the values of a whole batch, [batch, ...]: [batch / count, ...]."""
        if self.count == 1:
            return values
        size = values.shape[0] // self.count
        return values[self.index * size : (self.index + 1) * size]


WHOLE = Share()
"""All of a batch."""
