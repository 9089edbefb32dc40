"""The base class of algorithms that follow a gradient of log alpha."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from snas_tf.algorithms.algorithm import Algorithm
from snas_tf.algorithms.credit import Credit
from snas_tf.algorithms.distribution import Distribution
from snas_tf.config import SearchConfig
from snas_tf.models.parent import ParentNetwork
from snas_tf.training import optimizers, schedules


class GradientAlgorithm(Algorithm):
    """Base class of algorithms with parameters log alpha [edges, operations] that Adam updates.

    The arguments are those of `Algorithm`.
    """

    def __init__(
        self, network: ParentNetwork, config: SearchConfig, num_steps: int, seed: int
    ) -> None:
        super().__init__(network, config, num_steps, seed)
        self.distribution = Distribution(self.space, seed, config.relaxation)
        self.credit = Credit(self.space, config.skip_threshold)
        self.alpha_optimizer = optimizers.alpha_optimizer(config, num_steps)
        self.alpha_optimizer.build(self.alpha)

    @property
    def alpha(self) -> list[keras.Variable]:
        """The parameters, log alpha [edges, operations] of each kind."""
        return self.distribution.alpha

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """The optimizers of theta and of alpha."""
        return self.theta_optimizer, self.alpha_optimizer

    def temperature(self) -> tf.Tensor:
        """Lambda of Eq. 5 at the current step."""
        return schedules.linear(
            self.step.value,
            self.config.initial_temperature,
            self.config.final_temperature,
            self.num_steps,
        )

    def update_alpha(self, gradients: Sequence[tf.Tensor]) -> None:
        """Update log alpha with this replica's part of the gradient."""
        optimizers.apply_across_replicas(
            self.alpha_optimizer,
            gradients,
            self.alpha,
            self.config.alpha_clip_norm,
            optimizers.coupled_decay(self.config),
        )

    def probabilities(self) -> dict[str, tf.Tensor]:
        """Alpha [edges, operations] of each kind."""
        return {kind: edges.probabilities() for kind, edges in self.distribution.edges.items()}

    def report(self) -> Mapping[str, Any]:
        """Report the rates."""
        return {**super().report(), "alpha_learning_rate": self.alpha_optimizer.learning_rate}

    def mean_credit(self) -> Mapping[str, np.ndarray]:
        """See `Algorithm.mean_credit`."""
        return self.credit.mean()

    def begin_epoch(self) -> None:
        """See `Algorithm.begin_epoch`."""
        self.credit.reset()
