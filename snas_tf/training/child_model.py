"""The Keras model that trains a child from scratch."""

from typing import ClassVar

import keras
import tensorflow as tf

from snas_tf.config import ChildConfig
from snas_tf.layers import random_numbers
from snas_tf.models.description import Network
from snas_tf.runs.checkpoints import collect_variables
from snas_tf.training import classification, optimizers, schedules
from snas_tf.training.loss_scale import LossScale
from snas_tf.training.means import sums
from snas_tf.training.traced_model import Batch, TracedModel


class ChildModel(TracedModel):
    """Model that minimizes the cross entropy of a child (Section 3.2, Appendix G.2).

    Args:
        network: the child, or another network of the same interface.
        config: the training's settings.
        epoch_steps: steps of an epoch, for the schedules.
        seed: seed of drop path, together with the step: step N always drops the same.
    """

    measures: ClassVar[tuple[str, ...]] = classification.MEASURES
    """Names of what is measured of logits."""

    def __init__(self, network: Network, config: ChildConfig, epoch_steps: int, seed: int) -> None:
        loss_scale = LossScale(network.precision)
        super().__init__(("loss", *self.measures), self.measures, "evaluation", loss_scale)
        self.network = network
        self.config = config
        self.epoch_steps = epoch_steps
        self.num_steps = max(config.epochs * epoch_steps, 1)
        self.seed = seed
        self.built = True
        self.theta_optimizer = self.make_optimizer()
        self.theta_optimizer.build(self.theta)
        self.compile(optimizer=self.theta_optimizer, jit_compile=config.jit_compile)

    @property
    def theta(self) -> list[keras.Variable]:
        """The weights, those of the auxiliary classifier included."""
        return self.network.trainable_variables

    @property
    def step(self) -> keras.Variable:
        """Number of updates made."""
        return self.theta_optimizer.iterations

    def measure_logits(self, labels: tf.Tensor, logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Measure each example, [batch] by name of `measures`."""
        return classification.measure_examples(labels, logits)

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """The search's, of theta (Appendix G.2)."""
        return optimizers.theta_optimizer(self.config, self.num_steps)

    def losses(self, labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """What is minimized, of each example [batch], in nats."""
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)

    def drop_probability(self) -> tf.Tensor:
        """Of a path at the current step: a ramp from 0 over the whole training."""
        return schedules.linear(
            self.step.value, 0.0, self.config.drop_path_probability, self.num_steps
        )

    def state(self) -> list[keras.Variable]:
        """Every variable that a restart must bring back."""
        return collect_variables(self.network, self, self.theta_optimizer)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """One update of theta.

        Args:
            batch: this replica's share: "image" uint8 [batch, height, width, 3], "label" [batch].

        Returns:
            The sums over this replica's examples, by name.
        """
        context = tf.distribute.get_replica_context()
        seed = tf.stack([self.seed, context.replica_id_in_sync_group])
        seed = random_numbers.fold_in(seed, tf.cast(self.step.value, tf.int32))
        with tf.GradientTape() as tape:
            logits = self.network.training_logits(batch["image"], self.drop_probability(), seed)
            loss = self.losses(batch["label"], logits["logits"])
            if "auxiliary" in logits:
                auxiliary = self.losses(batch["label"], logits["auxiliary"])
                loss += self.config.auxiliary_weight * auxiliary
            # The replicas' gradients are summed: each contributes its share of the batch's mean.
            objective = tf.reduce_mean(loss) / context.num_replicas_in_sync
        gradients = self.loss_scale.gradient(
            tape,
            objective,
            [variable.value for variable in self.theta],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,  # of what no edge uses
        )
        optimizers.update_theta(self.theta_optimizer, gradients, self.theta, self.config)
        return sums({"loss": loss, **self.measure_logits(batch["label"], logits["logits"])})

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Measure the network with the moving statistics.

        Args:
            batch: this replica's share: as in training, and "weight" [batch].

        Returns:
            The sums over this replica's examples, by name.
        """
        logits = self.network(batch["image"], training=False)
        return sums(self.measure_logits(batch["label"], logits), batch["weight"])

    def test_errors(self, batches: tf.data.Dataset | None) -> dict[str, float | None]:
        """Measure what counts in the end, by name: shares of the test images; None without any."""
        accuracy = self.measure(batches).get("accuracy")
        return {"test_error": None if accuracy is None else 1 - accuracy}
