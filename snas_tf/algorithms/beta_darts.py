"""Beta-DARTS: DARTS whose softmax is kept from growing."""

import tensorflow as tf

from snas_tf.algorithms.darts import DARTS
from snas_tf.training import schedules
from snas_tf.training.traced_model import Batch

LARGEST_WEIGHT = 50.0
"""Of the beta-decay at the end of the search; it rises linearly from 0."""


class BetaDARTS(DARTS):
    """Beta-DARTS (Ye et al., 2022): DARTS of the first order with the beta-decay.

    The loss of alpha has one more term for each kind of cell: a weight times the mean over the
    edges of logsumexp(log alpha), whose gradient is softmax(log alpha). The arguments are those of
    `Algorithm`.
    """

    def _first_order(self, batch: Batch) -> list[tf.Tensor]:
        """Gradient of the loss on the images held out, and of the beta-decay."""
        gradients = super()._first_order(batch)
        weight = schedules.linear(self.step.value, 0.0, LARGEST_WEIGHT, self.num_steps)
        factor = weight / len(self.space.edges)
        decays = self.probabilities().values()
        return [one + factor * decay for one, decay in zip(gradients, decays, strict=True)]
