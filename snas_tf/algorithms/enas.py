"""ENAS: a controller samples children, and learns from how accurate they are."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from snas_tf.algorithms.algorithm import DERIVATION, LEARNING, Draw
from snas_tf.algorithms.random_search import RandomSearch
from snas_tf.config import SearchConfig
from snas_tf.layers import replicas
from snas_tf.layers.controller import Controller, Sample
from snas_tf.models.parent import ParentNetwork
from snas_tf.training import classification, optimizers
from snas_tf.training.means import sums
from snas_tf.training.traced_model import Batch

SAMPLES = 100
"""Children of which `probabilities` and the entropy are means."""


@dataclasses.dataclass(frozen=True)
class ControllerDraw(Draw):
    """One draw of the controller.

    Attributes:
        log_probability: of all its decisions, a scalar.
        entropy: of all its decisions, a scalar.
    """

    log_probability: tf.Tensor
    entropy: tf.Tensor


class ENAS(RandomSearch):
    """ENAS (Pham et al., 2018): the controller in place of the uniform distribution.

    Each step trains theta on a child, then the controller on another: its reward is the accuracy on
    a batch of images held out, theta constant, plus `config.controller_entropy_weight` times the
    entropy of the decisions. The gradient is REINFORCE's, of -log p (reward - baseline); the
    baseline is the moving mean of the rewards and starts with the first one. A step of the
    controller for each of theta is about their balance: 30 updates of 10 children each after an
    epoch of 281 steps of theta.

    What the paper leaves open is that of the published code, such as the Adam of the controller
    without a mean of gradients. There, a child is normalized with the statistics of the batch to
    be rewarded; here, with the moving ones, as when it is derived. The arguments are those of
    `Algorithm`.
    """

    measures: ClassVar[tuple[str, ...]] = (*RandomSearch.measures, "reward")

    def __init__(
        self, network: ParentNetwork, config: SearchConfig, num_steps: int, seed: int
    ) -> None:
        super().__init__(network, config, num_steps, seed)
        self.controller = Controller(self.space, seed=seed)
        # Every replica computes the same baseline from the mean reward.
        self.baseline = self.add_weight(
            name="baseline",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.controller_optimizer = optimizers.Adam(
            config.controller_learning_rate, beta_1=0.0, epsilon=1e-3
        )
        self.controller_optimizer.build(self.controller.trainable_variables)

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """The optimizers of theta and of the controller."""
        return self.theta_optimizer, self.controller_optimizer

    def draw(self, purpose: int, number: tf.Tensor | int) -> ControllerDraw:
        """Draw a one-hot Z with the controller; see `Algorithm.draw`."""
        sample = self.controller(self.make_draw_seed(purpose, number))
        z = {kind: one[0] for kind, one in sample.z.items()}
        return ControllerDraw(z, sample.log_probability[0], sample.entropy[0])

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update theta, then the controller; see `Algorithm.train_step`."""
        measured = self.train_theta(batch)
        return sums({**measured, "reward": self.train_controller(batch["held_out"])})

    def train_controller(self, batch: Batch) -> tf.Tensor:
        """Update the controller and the baseline; return the reward, a scalar."""
        context = tf.distribute.get_replica_context()
        weights = [variable.value for variable in self.controller.trainable_variables]
        with tf.GradientTape() as tape:
            drawn = self.draw(LEARNING, context.replica_id_in_sync_group)
            loss = -drawn.log_probability
        gradients = tape.gradient(loss, weights, unconnected_gradients="zero")
        reward = self._reward(batch, drawn)
        advantage = (reward - self._update_baseline(reward)) / context.num_replicas_in_sync
        optimizers.apply_across_replicas(
            self.controller_optimizer,
            [advantage * gradient for gradient in gradients],
            self.controller.trainable_variables,
            clip_norm=0.0,
            weight_decay=0.0,
        )
        return reward

    def _reward(self, batch: Batch, drawn: ControllerDraw) -> tf.Tensor:
        logits = self.network(batch["image"], drawn.z, training=False)
        right = classification.measure_examples(batch["label"], logits)["accuracy"]
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
        return accuracy + self.config.controller_entropy_weight * drawn.entropy

    def _update_baseline(self, reward: tf.Tensor) -> tf.Tensor:
        """Move the baseline towards the mean of the replicas' rewards; return it as it was."""
        (mean,) = replicas.average([reward])
        is_first = self.controller_optimizer.iterations.value == 0
        before = tf.where(is_first, mean, self.baseline.value)
        decay = self.config.controller_baseline_decay
        self.baseline.assign(decay * before + (1 - decay) * mean)
        return before

    def probabilities(self) -> dict[str, tf.Tensor]:
        """How often the controller samples each operation [edges, operations], for each kind."""
        return {kind: tf.reduce_mean(z, axis=0) for kind, z in self._sample_many().z.items()}

    def _sample_many(self) -> Sample:
        return self.controller(self.make_draw_seed(DERIVATION, 0), samples=SAMPLES)

    def report(self) -> Mapping[str, Any]:
        """Report the rates, the baseline and the mean entropy of all decisions on a child."""
        return {
            **super().report(),
            "controller_learning_rate": self.controller_optimizer.learning_rate,
            "controller_entropy": tf.reduce_mean(self._sample_many().entropy),
            "baseline": self.baseline,
        }
