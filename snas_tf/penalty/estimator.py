"""Estimators of E_Z[C(Z)] and of its gradient with respect to log alpha (Eq. 9 to 11)."""

from collections.abc import Callable, Sequence
from typing import Protocol

import tensorflow as tf

from snas_tf.config import SearchConfig

Terms = Callable[[tf.Tensor], tf.Tensor]
"""From Z [edges, operations] to terms [edges, any] whose sum is C(Z); see `penalty_scale`."""


class Estimator(Protocol):
    """A scalar whose value estimates E_Z[C(Z)], and whose gradient estimates its gradient."""

    def __call__(
        self, terms: Terms, log_alpha: tf.Tensor, noise: tf.Tensor, temperature: tf.Tensor
    ) -> tf.Tensor:
        """The estimate.

        Args:
            terms: the cost, edge by edge.
            log_alpha: logits [edges, operations].
            noise: Gumbel noise G of the step's draw, of the same shape.
            temperature: lambda of Eq. 5, a scalar.
        """


class Expectation:
    """C(E[Z]), exact where C is linear: a sum of products, without variance or temperature."""

    def __call__(
        self, terms: Terms, log_alpha: tf.Tensor, noise: tf.Tensor, temperature: tf.Tensor
    ) -> tf.Tensor:
        """See `Estimator`."""
        return tf.reduce_sum(terms(tf.nn.softmax(log_alpha)))


class Reparameterization:
    """C of the relaxed draw, its gradient through the draw (Eq. 26).

    Unbiased for the cost of relaxed draws, biased for that of children until lambda -> 0.
    """

    def __call__(
        self, terms: Terms, log_alpha: tf.Tensor, noise: tf.Tensor, temperature: tf.Tensor
    ) -> tf.Tensor:
        """See `Estimator`."""
        return tf.reduce_sum(terms(tf.nn.softmax((log_alpha + noise) / temperature)))


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
        self, terms: Terms, log_alpha: tf.Tensor, noise: tf.Tensor, temperature: tf.Tensor
    ) -> tf.Tensor:
        """See `Estimator`."""
        log_z = tf.stop_gradient(tf.nn.log_softmax((log_alpha + noise) / temperature))
        reward = tf.reduce_sum(terms(tf.exp(log_z)), axis=-1)
        compared = reward
        if self.baseline:
            usual = tf.reduce_sum(terms(tf.nn.softmax(log_alpha)), axis=-1)
            compared = reward - tf.stop_gradient(usual)
        density = log_density(log_alpha, log_z, temperature)
        # Of value 0: it only brings the gradient.
        score = density - tf.stop_gradient(density)
        return tf.reduce_sum(reward + compared * score)


def log_density(log_alpha: tf.Tensor, log_z: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
    """Of the concrete distribution, at each row of Z, [edges] (Maddison et al., 2017, Eq. 10).

    Up to what does not depend on log alpha:

        sum_k log alpha_k - n log sum_k alpha_k Z_k^-lambda

    Args:
        log_alpha: logits [edges, operations = n].
        log_z: log Z of the same shape; Z itself underflows at low temperatures.
        temperature: lambda, a scalar.
    """
    operations = log_alpha.shape[-1]
    return tf.reduce_sum(log_alpha, axis=-1) - operations * tf.reduce_logsumexp(
        log_alpha - temperature * log_z, axis=-1
    )


def of(config: SearchConfig) -> Estimator:
    """The estimator that a search asks for."""
    return ESTIMATORS[config.penalty_estimator](config)


ESTIMATORS: dict[str, Callable[[SearchConfig], Estimator]] = {
    "expectation": lambda _: Expectation(),
    "reparameterization": lambda _: Reparameterization(),
    "policy_gradient": lambda config: PolicyGradient(config.penalty_baseline),
}
"""By the name that `SearchConfig.penalty_estimator` has."""


def share(part: Sequence[tf.Tensor], whole: Sequence[tf.Tensor], replicas: int) -> tf.Tensor:
    """What share of alpha's gradient the penalty has, 0 to 1.

    The norm of its part over the sum of that norm and that of the rest.

    Args:
        part: the penalty's gradient on one replica.
        whole: the whole gradient there, divided by the number of replicas.
        replicas: their number.
    """
    rest = [replicas * both - one for both, one in zip(whole, part, strict=True)]
    norms = tf.linalg.global_norm(part), tf.linalg.global_norm(rest)
    return tf.math.divide_no_nan(norms[0], norms[0] + norms[1])
