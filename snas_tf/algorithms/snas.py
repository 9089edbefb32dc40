"""SNAS: theta and alpha of the parent trained jointly, in one backward pass."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import tensorflow as tf

from snas_tf.algorithms.algorithm import TRAINING, Judge
from snas_tf.algorithms.distribution import GumbelDraw
from snas_tf.algorithms.gradient_algorithm import GradientAlgorithm
from snas_tf.architecture.genotype import Genotype, derive
from snas_tf.config import SearchConfig
from snas_tf.models.parent import ParentNetwork
from snas_tf.penalty.estimator import gradient_share
from snas_tf.penalty.penalty import Penalty
from snas_tf.training import classification
from snas_tf.training.means import sums
from snas_tf.training.traced_model import Batch


class SNAS(GradientAlgorithm):
    """SNAS: minimize E_Z[L_theta(Z)] + eta E_Z[C(Z)] over theta and alpha (Eq. 9).

    The loss is estimated with `config.draws` draws a step and replica. The arguments are those of
    `Algorithm`.
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
        self.penalty = Penalty(network.network_plan, config, num_steps)
        self.penalty_weight = self.penalty.weight

    def draw(self, purpose: int, number: tf.Tensor | int) -> GumbelDraw:
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
        with tf.GradientTape() as tape:
            draws = self._draw_several(replica)
            measured = self._measure(batch, draws)
            with tf.GradientTape() as penalty_tape:
                penalty = self._estimate_penalty(draws)
            # The replicas' gradients are summed: each contributes its share of the batch's mean,
            # and of the penalty, which counts once.
            loss = (tf.reduce_mean(measured["cross_entropy"]) + penalty) / replicas  # Eq. 9
        z = [draw.z for draw in draws]
        sources = {"theta": theta, "alpha": alpha, "z": z}
        gradients = self.loss_scale.gradient(tape, loss, sources)
        penalty_gradient = penalty_tape.gradient(penalty, alpha)
        share = gradient_share(penalty_gradient, gradients["alpha"], replicas)
        self._add_credit(z, gradients["z"], replicas)
        self.penalty.update(self.distribution.edges, self.temperature())
        self.update_theta(gradients["theta"])
        self.update_alpha(gradients["alpha"])
        return sums(
            {
                "loss": measured["cross_entropy"] + penalty,
                **measured,
                "penalty": penalty,
                "penalty_share": share,
            }
        )

    def _draw_several(self, replica: tf.Tensor | int) -> list[GumbelDraw]:
        first = self.config.draws * replica
        return [self.draw(TRAINING, first + number) for number in range(self.config.draws)]

    def _measure(self, batch: Batch, draws: Sequence[GumbelDraw]) -> dict[str, tf.Tensor]:
        """Measure each example, averaged over the draws."""
        measured = []
        for draw in draws:
            logits = self.network(batch["image"], draw.z, training=True)
            measured.append(classification.measure_examples(batch["label"], logits))
        if len(measured) == 1:
            return measured[0]
        return {
            name: tf.reduce_mean([tf.cast(one[name], tf.float32) for one in measured], axis=0)
            for name in measured[0]
        }

    def _estimate_penalty(self, draws: Sequence[GumbelDraw]) -> tf.Tensor:
        edges = self.distribution.edges
        estimates = [self.penalty.estimate(edges, one.noise, one.temperature) for one in draws]
        return estimates[0] if len(estimates) == 1 else tf.reduce_mean(estimates)

    def _add_credit(
        self, draws: Sequence[Mapping], gradients: Sequence[Mapping], replicas: int
    ) -> None:
        scale = float(replicas * len(draws))
        for z, gradient in zip(draws, gradients, strict=True):
            self.credit.add(z, {kind: scale * gradient[kind] for kind in gradient})

    def derive(self, judge: Judge) -> Genotype:
        """Derive the most probable child; see `genotype.derive`."""
        return derive(self.distribution.log_alpha(), self.space)

    def finish(self) -> int:
        """Round log alpha where a target of the child's size leaves edges undecided.

        Returns:
            The number of edges whose most probable operation is another now.
        """
        before = self.distribution.log_alpha()
        after = self.penalty.weight.round(before)
        self.distribution.assign(after)
        return int(sum((before[kind].argmax(1) != after[kind].argmax(1)).sum() for kind in before))

    def report(self) -> Mapping[str, Any]:
        """Report temperature, rates and the penalty's weight."""
        edges, temperature = self.distribution.edges, self.temperature()
        log_alpha = {kind: edges[kind].log_alpha.value for kind in edges}
        return {
            "penalty_weight": self.penalty.weight.value(log_alpha, temperature),
            "temperature": temperature,
            **super().report(),
        }
