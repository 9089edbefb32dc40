"""The weight of the penalty, eta of Eq. 9: fixed, or found during the search."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture import child_latency, child_size
from snas_tf.architecture.child_size import ChildSize
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import SearchConfig
from snas_tf.penalty.rounding import round_to_target

Logits = Mapping[str, tf.Tensor]
"""Log alpha [edges, operations] of each kind."""

ASCENT = 20.0
"""Increase of the multiplier over a search of children e times too large, at lambda = 1."""

DAMPING = 10.0
"""Immediate increase of the weight for children e times too large, at lambda = 1."""


class FixedWeight:
    """The same weight at every step.

    Args:
        value: eta.
    """

    def __init__(self, value: float) -> None:
        self._value = value

    def value(self, log_alpha: Logits, temperature: tf.Tensor) -> float:
        """The weight."""
        return self._value

    def update(self, log_alpha: Logits, temperature: tf.Tensor) -> None:
        """Do nothing."""

    def round(self, log_alpha: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Return log alpha unchanged."""
        return log_alpha


class TargetWeight(keras.layers.Layer):
    """The weight with which the derived child has a given size, found by dual ascent.

    With u = ln(S / target), S the size that the search tends to (see `excess`), the weight at
    temperature lambda is m + damping u / lambda, that of an augmented Lagrangian of the constraint
    u = 0, and each of the N steps ends with m <- m + ascent u / (lambda N). Both terms grow as the
    temperature falls, because fewer edges are still undecided. A target is an equality, so the
    weight has either sign: where children would be too small, the penalty rewards larger ones.

    Args:
        size: size of the children.
        target: size of the child wanted, in the same unit.
        num_steps: N, length of the search.
    """

    def __init__(self, size: ChildSize, target: float, num_steps: int) -> None:
        super().__init__(name="penalty_weight")
        self._size = size
        self._target = target
        self._rate = ASCENT / num_steps
        # Every replica computes the same update from the same log alpha.
        self.multiplier = self.add_weight(
            name="multiplier",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.built = True

    def excess(self, log_alpha: Logits, temperature: tf.Tensor) -> tf.Tensor:
        """The excess u = ln(S / target), a scalar: 0.05 where the child is 5 % too large.

        S is the expected size under softmax(log alpha / lambda). At lambda = 1 it is the expected
        size of sampled children. As lambda falls, it tends to the size of the derived child, even
        where the entropy does not reach 0.
        """
        edges = [
            tf.reduce_sum(tf.nn.softmax(logits / temperature) * self._size.edges[kind])
            for kind, logits in log_alpha.items()
        ]
        size = self._size.fixed + tf.add_n(edges)
        return tf.stop_gradient(tf.math.log(size / self._target))

    def value(self, log_alpha: Logits, temperature: tf.Tensor) -> tf.Tensor:
        """The weight at this step, a scalar without gradient."""
        return self.multiplier.value + DAMPING * self.excess(log_alpha, temperature) / temperature

    def update(self, log_alpha: Logits, temperature: tf.Tensor) -> None:
        """Make a step of the dual ascent."""
        self.multiplier.assign_add(self._rate * self.excess(log_alpha, temperature) / temperature)

    def round(self, log_alpha: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Return log alpha whose most probable child has the size: see `round_to_target`."""
        return round_to_target(log_alpha, self._size, self._target)


def make_weight(
    config: SearchConfig, num_steps: int, space: SearchSpace = DARTS
) -> FixedWeight | TargetWeight:
    """Make the weight that a config asks for."""
    for measure in child_size.MEASURES:
        target = getattr(config, f"target_{measure}")
        if target is not None:
            size = child_size.evaluation_size(measure, space, config.stem)
            return TargetWeight(size, target, num_steps)
    table = config.read_latency_table()
    if table is not None and config.target_latency_ms is not None:
        size = child_latency.latency_size(table, space)
        return TargetWeight(size, config.target_latency_ms, num_steps)
    return FixedWeight(config.constraint_weight)
