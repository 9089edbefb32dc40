"""The evaluation model: the weights of a child trained from scratch."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from snas_tf.config import EvaluationConfig
from snas_tf.models.child import ChildNetwork
from snas_tf.training import optimizers, schedules
from snas_tf.training.checkpoints import state_of

Batch = Mapping[str, tf.Tensor]


class EvaluationModel(keras.Model):
    """Minimises the cross entropy of a child network (Section 3.2, Appendix G.2).

    Args:
        network: the child.
        config: the training's settings.
        num_steps: length of the training in steps, for the schedules.
        seed: of what is dropped, with the step: step N drops the same whatever came before.
    """

    def __init__(
        self, network: ChildNetwork, config: EvaluationConfig, num_steps: int, seed: int
    ) -> None:
        super().__init__(name="evaluation")
        self.network = network
        self.config = config
        self.num_steps = max(num_steps, 1)
        self.seed = seed
        self.loss_mean = keras.metrics.Mean(name="loss")
        self.cross_entropy = keras.metrics.Mean(name="cross_entropy")
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        self.built = True
        self.theta_optimizer = optimizers.theta_optimizer(config, self.num_steps)
        self.theta_optimizer.build(self.theta)
        self.compile(optimizer=self.theta_optimizer, jit_compile=False)

    @property
    def theta(self) -> list[keras.Variable]:
        """The weights, those of the auxiliary classifier included."""
        return self.network.trainable_variables

    @property
    def step(self) -> keras.Variable:
        """Number of updates made."""
        return self.theta_optimizer.iterations

    def drop_probability(self) -> tf.Tensor:
        """Of a path at the current step: a ramp from 0 over the whole training."""
        return schedules.linear(
            self.step.value, 0.0, self.config.drop_path_probability, self.num_steps
        )

    def state(self) -> list[keras.Variable]:
        """Every variable that a restart must bring back."""
        return state_of(self, self.theta_optimizer)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """One update of theta.

        Args:
            batch: this replica's share: "image" uint8 [batch, height, width, 3], "label" [batch].

        Returns:
            The epoch's means so far, by name.
        """
        context = tf.distribute.get_replica_context()
        seed = tf.stack([self.seed, context.replica_id_in_sync_group])
        seed = tf.random.experimental.stateless_fold_in(seed, tf.cast(self.step.value, tf.int32))
        with tf.GradientTape() as tape:
            logits = self.network.training_logits(batch["image"], self.drop_probability(), seed)
            losses = {name: _cross_entropy(batch["label"], one) for name, one in logits.items()}
            loss = losses["logits"]
            if "auxiliary" in losses:
                loss += self.config.auxiliary_weight * losses["auxiliary"]
            # The replicas' gradients are summed: each contributes its share of the batch's mean.
            objective = tf.reduce_mean(loss) / context.num_replicas_in_sync
        gradients = tape.gradient(
            objective,
            [variable.value for variable in self.theta],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,  # of what no edge uses
        )
        optimizers.apply_across_replicas(
            self.theta_optimizer,
            gradients,
            self.theta,
            self.config.theta_clip_norm,
            self.config.theta_weight_decay,
        )
        self.loss_mean.update_state(loss)
        self.cross_entropy.update_state(losses["logits"])
        self.accuracy.update_state(batch["label"], logits["logits"])
        metrics = (self.loss_mean, self.cross_entropy, self.accuracy)
        return {metric.name: metric.result() for metric in metrics}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Cross entropy and accuracy with the moving statistics.

        Args:
            batch: this replica's share: as in training, and "weight" [batch].
        """
        logits = self.network(batch["image"], training=False)
        self.cross_entropy.update_state(_cross_entropy(batch["label"], logits), batch["weight"])
        self.accuracy.update_state(batch["label"], logits, batch["weight"])
        return {metric.name: metric.result() for metric in (self.cross_entropy, self.accuracy)}

    def accuracy_of(self, batches: tf.data.Dataset) -> float:
        """Accuracy on batches of `pipeline.evaluation_batches`."""
        return float(self.evaluate(batches, verbose=0, return_dict=True)["accuracy"])


def _cross_entropy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Of each example [batch], in nats."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
