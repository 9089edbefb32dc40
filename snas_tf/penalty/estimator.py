"""Estimators of E_Z[C(Z)] and of its gradient with respect to log alpha (Eq. 9 to 11)."""

from collections.abc import Callable, Sequence
from typing import Protocol

import tensorflow as tf

from snas_tf.config import SearchConfig
from snas_tf.layers.stochastic_edge import StochasticEdge

Terms = Callable[[tf.Tensor], tf.Tensor]
"""From Z [edges, operations] to terms [edges, any] whose sum is C(Z); see `penalty.scale`."""


class Estimator(Protocol):
    """Scalar that estimates E_Z[C(Z)]; its gradient estimates the gradient."""

    def __call__(
        self, terms: Terms, edges: StochasticEdge, noise: tf.Tensor, temperature: tf.Tensor
    ) -> tf.Tensor:
        """The estimate.

        Args:
            terms: the cost, edge by edge.
            edges: the distribution of a kind of cell.
            noise: Gumbel noise G [edges, operations] of the step's draw.
            temperature: lambda of Eq. 5, a scalar.
        """


class Expectation:
    """C(E[Z]): exact where C is linear, without variance."""

    def __call__(
        self, terms: Terms, edges: StochasticEdge, noise: tf.Tensor, temperature: tf.Tensor
    ) -> tf.Tensor:
        """See `Estimator`."""
        return tf.reduce_sum(terms(edges.probabilities()))


class Reparameterization:
    """C of the relaxed draw, its gradient through the draw (Eq. 26).

    Unbiased for the cost of relaxed draws, biased for that of children until lambda -> 0.
    """

    def __call__(
        self, terms: Terms, edges: StochasticEdge, noise: tf.Tensor, temperature: tf.Tensor
    ) -> tf.Tensor:
        """See `Estimator`."""
        return tf.reduce_sum(terms(edges.relax(noise, temperature)))


class PolicyGradient:
    """The local cost of the draw, a constant, times the gradient of the draw's log-density.

    Eq. 11, edge by edge. Its expectation is that of `Reparameterization` at every temperature.

    Args:
        baseline: subtract the edge's cost at E[Z] from its reward. It does not depend on the
            draw, so the expectation stays.
    """

    def __init__(self, baseline: bool = False) -> None:
        self.baseline = baseline

    def __call__(
        self, terms: Terms, edges: StochasticEdge, noise: tf.Tensor, temperature: tf.Tensor
    ) -> tf.Tensor:
        """See `Estimator`."""
        log_z = tf.stop_gradient(edges.log_relax(noise, temperature))
        reward = tf.reduce_sum(terms(tf.exp(log_z)), axis=-1)
        compared = reward
        if self.baseline:
            usual = tf.reduce_sum(terms(edges.probabilities()), axis=-1)
            compared = reward - tf.stop_gradient(usual)
        density = edges.log_density(log_z, temperature)
        # Its value is zero: it contributes only a gradient.
        score = density - tf.stop_gradient(density)
        return tf.reduce_sum(reward + compared * score)


def make_estimator(config: SearchConfig) -> Estimator:
    """Make the estimator that a search asks for."""
    return ESTIMATORS[config.penalty_estimator](config)


ESTIMATORS: dict[str, Callable[[SearchConfig], Estimator]] = {
    "expectation": lambda _: Expectation(),
    "reparameterization": lambda _: Reparameterization(),
    "policy_gradient": lambda config: PolicyGradient(config.penalty_baseline),
}
"""By the name that `SearchConfig.penalty_estimator` has."""


def gradient_share(
    part: Sequence[tf.Tensor], whole: Sequence[tf.Tensor], replicas: int
) -> tf.Tensor:
    """Compute the penalty's share of alpha's gradient, 0 to 1.

    It is the norm of the penalty's part over the sum of that norm and that of the rest.

    Args:
        part: the penalty's gradient on one replica.
        whole: the whole gradient there, divided by the number of replicas.
        replicas: their number.
    """
    rest = [replicas * both - penalty for both, penalty in zip(whole, part, strict=True)]
    norms = tf.linalg.global_norm(part), tf.linalg.global_norm(rest)
    return tf.math.divide_no_nan(norms[0], norms[0] + norms[1])
