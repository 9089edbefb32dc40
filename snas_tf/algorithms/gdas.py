"""GDAS: one operation an edge runs, and alpha has the gradient of the relaxed draw."""

from typing import Any

import tensorflow as tf

from snas_tf.algorithms.algorithm import Draw
from snas_tf.algorithms.darts import DARTS
from snas_tf.config import SearchConfig


class GDAS(DARTS):
    """GDAS (Dong and Yang, 2019): DARTS with one-hot draws and the straight-through estimator.

    Z is the one-hot of the relaxed draw of Eq. 5 (their Eq. 6); its gradient is that of the relaxed
    draw. As with DARTS of the first order, alpha learns from images held out. The arguments are
    those of `Algorithm`.
    """

    @classmethod
    def learns_from_held_out_images(cls, config: SearchConfig) -> bool:
        """See `Algorithm.learns_from_held_out_images`."""
        return True

    def draw(self, purpose: int, number: tf.Tensor | int) -> Draw:
        """Draw a one-hot Z at the current step; see `Algorithm.draw`."""
        seed = self.make_seed(purpose, number, self.step.value)
        relaxed = self.distribution.draw(self.temperature(), seed).z
        return Draw({kind: straight_through(z) for kind, z in relaxed.items()})

    def report(self) -> dict[str, Any]:
        """Report the temperature and the rates."""
        return {"temperature": self.temperature(), **super().report()}


def straight_through(relaxed: tf.Tensor) -> tf.Tensor:
    """One-hot rows of the largest entries, with the gradient of the relaxed draw.

    Args:
        relaxed: [edges, operations].
    """
    chosen = tf.one_hot(tf.argmax(relaxed, axis=-1), relaxed.shape[-1])
    # The difference first: it is exactly 0, so the entries are exactly 0 and 1.
    return chosen + (relaxed - tf.stop_gradient(relaxed))
