"""DrNAS: Z is drawn from a Dirichlet distribution."""

import tensorflow as tf

from snas_tf.algorithms.algorithm import Draw
from snas_tf.algorithms.darts import DARTS
from snas_tf.layers import random_numbers


class DrNAS(DARTS):
    """DrNAS (Chen et al., 2021): Z ~ Dirichlet(elu(log alpha) + 1), DARTS of the first order.

    A draw is a normalized vector of gamma variables, which have a gradient by implicit
    reparameterization. The anchor is the uniform Dirichlet(1), where log alpha is 0 and the search
    starts. As in the published code, the distance to it is that of log alpha to 0: the regularizer
    is the weight decay, and cells are derived from softmax(log alpha). The arguments are those of
    `Algorithm`.
    """

    def draw(self, purpose: int, number: tf.Tensor | int) -> Draw:
        """Draw Z at the current step; see `Algorithm.draw`."""
        seed = self.make_seed(purpose, number, self.step.value)
        z = {}
        for index, (kind, concentration) in enumerate(self.concentrations().items()):
            of_kind = random_numbers.fold_in(seed, index)
            gamma = tf.random.stateless_gamma(self.space.shape, of_kind, concentration)
            z[kind] = gamma / tf.reduce_sum(gamma, axis=-1, keepdims=True)
        return Draw(z)

    def concentrations(self) -> dict[str, tf.Tensor]:
        """Parameters [edges, operations] of the Dirichlet distributions of each kind, above 0."""
        edges = self.distribution.edges
        return {kind: tf.nn.elu(edges[kind].log_alpha.value) + 1.0 for kind in edges}

    def probabilities(self) -> dict[str, tf.Tensor]:
        """Means [edges, operations] of the Dirichlet distributions of each kind."""
        found = self.concentrations()
        return {kind: one / tf.reduce_sum(one, -1, keepdims=True) for kind, one in found.items()}
