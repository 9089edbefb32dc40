"""SNAS: theta and alpha of the parent trained jointly, in one backward pass."""

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from snas_tf.algorithms.algorithm import TRAINING, Algorithm
from snas_tf.algorithms.distribution import Distribution, Draw
from snas_tf.architecture.genotype import Genotype, derive
from snas_tf.architecture.network_cost import fixed_cost
from snas_tf.config import SearchConfig
from snas_tf.models.parent import ParentNetwork
from snas_tf.penalty.estimator import gradient_share
from snas_tf.penalty.penalty import Penalty
from snas_tf.training import classification, optimizers, schedules
from snas_tf.training.means import sums
from snas_tf.training.traced_model import Batch


class SNAS(Algorithm):
    """SNAS: minimize E_Z[L_theta(Z)] + eta E_Z[C(Z)] over theta and alpha (Eq. 9).

    The loss is estimated with one draw a step and replica. The arguments are those of `Algorithm`.
    """

    measures: ClassVar[tuple[str, ...]] = (
        "loss",
        *classification.MEASURES,
        "penalty",
        "penalty_share",
    )

    def __init__(
        self, network: ParentNetwork, config: SearchConfig, num_steps: int, seed: int
    ) -> None:
        super().__init__(network, config, num_steps, seed)
        self.distribution = Distribution(self.space, seed, config.relaxation)
        self.penalty = Penalty(network.network_plan, config, num_steps)
        self.penalty_weight = self.penalty.weight
        self.theta_optimizer = optimizers.theta_optimizer(config, num_steps)
        self.alpha_optimizer = optimizers.alpha_optimizer(config, num_steps)
        self.theta_optimizer.build(self.theta)
        self.alpha_optimizer.build(self.alpha)

    @property
    def alpha(self) -> list[keras.Variable]:
        """The parameters of the distribution, log alpha [edges, operations] of each kind."""
        return self.distribution.alpha

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """The optimizers of theta and of alpha."""
        return self.theta_optimizer, self.alpha_optimizer

    @property
    def step(self) -> keras.Variable:
        """Number of updates made."""
        return self.alpha_optimizer.iterations

    def temperature(self) -> tf.Tensor:
        """Lambda of Eq. 5 at the current step."""
        return schedules.linear(
            self.step.value,
            self.config.initial_temperature,
            self.config.final_temperature,
            self.num_steps,
        )

    def draw(self, purpose: int, number: tf.Tensor | int) -> Draw:
        """Draw Z ~ p(Z; alpha) at the current step; see `Algorithm.draw`."""
        seed = self.make_seed(purpose, number, self.step.value)
        return self.distribution.draw(self.temperature(), seed)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update theta and alpha from one forward and one backward pass.

        See `Algorithm.train_step` for the arguments and the result.
        """
        context = tf.distribute.get_replica_context()
        replicas, replica = context.num_replicas_in_sync, context.replica_id_in_sync_group
        theta = [variable.value for variable in self.theta]
        alpha = [variable.value for variable in self.alpha]
        edges = self.distribution.edges
        with tf.GradientTape() as tape:
            draw = self.draw(TRAINING, replica)
            logits = self.network(batch["image"], draw.z, training=True)
            measured = classification.measure_examples(batch["label"], logits)
            with tf.GradientTape() as penalty_tape:
                penalty = self.penalty.estimate(edges, draw.noise, draw.temperature)
            # The replicas' gradients are summed: each contributes its share of the batch's mean,
            # and of the penalty, which counts once.
            loss = (tf.reduce_mean(measured["cross_entropy"]) + penalty) / replicas  # Eq. 9
        gradients = tape.gradient(loss, {"theta": theta, "alpha": alpha})
        penalty_gradient = penalty_tape.gradient(penalty, alpha)
        share = gradient_share(penalty_gradient, gradients["alpha"], replicas)
        self._update(gradients)
        return sums(
            {
                "loss": measured["cross_entropy"] + penalty,
                **measured,
                "penalty": penalty,
                "penalty_share": share,
            }
        )

    def _update(self, gradients: Mapping[str, list[tf.Tensor]]) -> None:
        self.penalty.update(self.distribution.edges, self.temperature())
        optimizers.apply_across_replicas(
            self.theta_optimizer,
            gradients["theta"],
            self.theta,
            self.config.theta_clip_norm,
            self.config.theta_weight_decay,
        )
        optimizers.apply_across_replicas(
            self.alpha_optimizer,
            gradients["alpha"],
            self.alpha,
            self.config.alpha_clip_norm,
            optimizers.coupled_decay(self.config),
        )

    def derive(self) -> Genotype:
        """Derive the most probable child; see `genotype.derive`."""
        return derive(self.distribution.log_alpha(), self.space)

    def probabilities(self) -> dict[str, tf.Tensor]:
        """Alpha [edges, operations] of each kind."""
        return {kind: edges.probabilities() for kind, edges in self.distribution.edges.items()}

    def finish(self) -> int:
        """Round log alpha where a target of the child's size leaves edges undecided.

        Returns:
            The number of edges whose most probable operation is another now.
        """
        before = self.distribution.log_alpha()
        after = self.penalty.weight.round(before)
        self.distribution.assign(after)
        return int(sum((before[kind].argmax(1) != after[kind].argmax(1)).sum() for kind in before))

    def report(self) -> dict[str, Any]:
        """Report temperature, rates, penalty weight, entropies, dropped edges and costs."""
        edges, temperature = self.distribution.edges, self.temperature()
        zero = self.space.zero
        log_alpha = {kind: edges[kind].log_alpha.value for kind in edges}
        fixed = fixed_cost(self.network.network_plan, self.network.num_classes)
        expected = self.penalty.expected_costs(edges)
        return {
            "penalty_weight": self.penalty.weight.value(log_alpha, temperature),
            **{f"entropy_{kind}": edges[kind].entropy() for kind in edges},
            **{f"dropped_{kind}": edges[kind].count(zero) for kind in edges if zero is not None},
            "temperature": temperature,
            "theta_learning_rate": self.theta_optimizer.learning_rate,
            "alpha_learning_rate": self.alpha_optimizer.learning_rate,
            **{f"expected_{name}": getattr(fixed, name) + expected[name] for name in expected},
        }
