"""DARTS: Z is the mean of its distribution, and alpha learns from images held out."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from snas_tf.algorithms.algorithm import LEARNING, TRAINING, Draw, Judge
from snas_tf.algorithms.gradient_algorithm import GradientAlgorithm
from snas_tf.architecture.genotype import Genotype, derive_strongest
from snas_tf.config import SearchConfig
from snas_tf.layers import replicas
from snas_tf.models.parent import ParentNetwork
from snas_tf.training import classification
from snas_tf.training.means import sums
from snas_tf.training.traced_model import Batch

STEP = 0.01
"""Length of the two steps of theta between which the second-order term is a difference."""

_TINY = 1e-20
"""Norm below which a gradient counts as none: the loss does not depend on theta."""


class DARTS(GradientAlgorithm):
    """DARTS (Liu et al., 2019): Z = softmax(log alpha), without noise.

    Each step updates alpha with the loss on images held out, then theta with that on the others.
    `config.darts_order` is how alpha's gradient sees theta: as constant ("1"), or as what a step of
    theta makes of it ("2", their Eq. 7 and 8). With "single_level" both are updated with the loss
    on the same images. The arguments are those of `Algorithm`.
    """

    def __init__(
        self, network: ParentNetwork, config: SearchConfig, num_steps: int, seed: int
    ) -> None:
        super().__init__(network, config, num_steps, seed)
        # As in the published code, around 0: coupled decay pulls there, at a pace of its own for
        # each operation.
        start = self.distribution.log_alpha()
        self.distribution.assign({kind: start[kind] - start[kind].mean() for kind in start})

    @classmethod
    def learns_from_held_out_images(cls, config: SearchConfig) -> bool:
        """See `Algorithm.learns_from_held_out_images`."""
        return config.darts_order != "single_level"

    def draw(self, purpose: int, number: tf.Tensor | int) -> Draw:
        """Return the mean of the distribution; see `Algorithm.draw`."""
        return Draw(self.probabilities())

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update alpha, then theta; see `Algorithm.train_step`."""
        if self.config.darts_order == "single_level":
            return self._train_together(batch)
        gradient = self._first_order if self.config.darts_order == "1" else self._second_order
        self.update_alpha(self._share(gradient(batch)))
        return sums(self.train_theta(batch))

    def _train_together(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update alpha and theta with the loss on the same images."""
        theta = [variable.value for variable in self.theta]
        alpha = [variable.value for variable in self.alpha]
        with tf.GradientTape() as tape:
            z = self._draw(TRAINING).z
            logits = self.network(batch["image"], z, training=True)
            measured = classification.measure_examples(batch["label"], logits)
            loss = tf.reduce_mean(measured["cross_entropy"])
        sources = {"theta": theta, "alpha": alpha, "z": z}
        gradients = self.loss_scale.gradient(tape, loss, sources)
        self.credit.add(z, gradients["z"])
        self.update_alpha(self._share(gradients["alpha"]))
        self.update_theta(self._share(gradients["theta"]))
        return sums({"loss": measured["cross_entropy"], **measured})

    def _first_order(self, batch: Batch) -> list[tf.Tensor]:
        """Gradient of the loss on the images held out, theta constant."""
        theta = [tf.convert_to_tensor(variable.value) for variable in self.theta]
        gradients = self._differentiate(batch["held_out"], theta, LEARNING)
        self.credit.add(gradients["drawn"], gradients["z"])
        return gradients["alpha"]

    def _second_order(self, batch: Batch) -> list[tf.Tensor]:
        """Gradient of the loss on the images held out, after the step of theta on the others."""
        theta = [tf.convert_to_tensor(variable.value) for variable in self.theta]
        rate = tf.cast(self.theta_optimizer.learning_rate, tf.float32)
        gradient = self._differentiate(batch, theta, TRAINING)["theta"]
        moved = self._move(theta, replicas.average(gradient), rate)
        after = self._differentiate(batch["held_out"], moved, LEARNING)
        self.credit.add(after["drawn"], after["z"])
        # The product of the mixed second derivative and this direction (their Eq. 8).
        direction = replicas.average(after["theta"])
        length = STEP / tf.maximum(tf.linalg.global_norm(direction), _TINY)
        ahead, back = (
            self._differentiate(batch, _add(theta, sign * length, direction), TRAINING)["alpha"]
            for sign in (1.0, -1.0)
        )
        product = [(one - other) / (2 * length) for one, other in zip(ahead, back, strict=True)]
        return _add(after["alpha"], -rate, product)

    def _differentiate(
        self, batch: Batch, theta: Sequence[tf.Tensor], purpose: int
    ) -> dict[str, Any]:
        """Compute the gradients of the loss at some theta, and leave all variables as they are.

        Returns:
            The gradients for "theta", "alpha" and "z", and the z "drawn".
        """
        alpha = [variable.value for variable in self.alpha]
        with tf.GradientTape() as tape:
            tape.watch(theta)
            z = self._draw(purpose).z
            with keras.StatelessScope(list(zip(self.theta, theta, strict=True))):
                logits = self.network.compute_logits(batch["image"], z, training=True)
            measured = classification.measure_examples(batch["label"], logits)
            loss = tf.reduce_mean(measured["cross_entropy"])
        sources = {"theta": theta, "alpha": alpha, "z": z}
        return {**self.loss_scale.gradient(tape, loss, sources), "drawn": z}

    def _move(
        self, theta: Sequence[tf.Tensor], gradient: Sequence[tf.Tensor], rate: tf.Tensor
    ) -> list[tf.Tensor]:
        """Make the step of SGD with momentum and weight decay that is ahead of theta."""
        config = self.config
        step = _add(gradient, config.theta_weight_decay, theta)
        if config.theta_momentum:  # Without, the optimizer has no velocities.
            velocities = [velocity.value for velocity in self.theta_optimizer.momentums]
            step = _add(step, config.theta_momentum, velocities)
        return _add(theta, -rate, step)

    def _draw(self, purpose: int) -> Draw:
        context = tf.distribute.get_replica_context()
        return self.draw(purpose, context.replica_id_in_sync_group)

    def _share(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Divide by the number of replicas, over which gradients are summed."""
        count = tf.distribute.get_replica_context().num_replicas_in_sync
        return [gradient / count for gradient in gradients]

    def derive(self, judge: Judge) -> Genotype:
        """Derive the cells with the two strongest edges into each node, none of them zero."""
        edges = self.distribution.edges
        probabilities = {kind: edges[kind].probabilities().numpy() for kind in edges}
        return derive_strongest(probabilities, self.space)


def _add(
    first: Sequence[tf.Tensor], factor: tf.Tensor | float, second: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
    """Add tensors, the second ones with a factor."""
    return [one + factor * other for one, other in zip(first, second, strict=True)]
