"""The base class of search algorithms."""

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture.genotype import Genotype
from snas_tf.config import SearchConfig
from snas_tf.layers import random_numbers
from snas_tf.models.parent import ParentNetwork
from snas_tf.training import classification, optimizers
from snas_tf.training.loss_scale import LossScale
from snas_tf.training.traced_model import Batch

TRAINING, EVALUATION, LEARNING, DERIVATION = 0, 1, 2, 3
"""What a draw is for: a step of theta, evaluation, a step of alpha, or the derivation of a child.
No two use the same noise."""

Judge = Callable[[Genotype], float]
"""Measures the accuracy of a child, with the parent's weights, on images that theta is not trained
on and that are not those of the validation."""


@dataclasses.dataclass(frozen=True)
class Draw:
    """One draw of an architecture.

    Attributes:
        z: for each kind of cell [edges, operations].
    """

    z: Mapping[str, tf.Tensor]


class Algorithm(keras.layers.Layer, abc.ABC):
    """Base class of search algorithms: how to draw Z, train a step and derive a genotype.

    An algorithm owns the parameters of the architecture, the optimizers, and its other state. The
    network has the weights theta; gradients through it are `loss_scale.gradient`. `SearchModel`
    runs it.

    Args:
        network: the parent.
        config: the search's settings.
        num_steps: length of the search in steps, for the schedules.
        seed: seed of every draw, together with the step: step N always draws the same.
    """

    measures: ClassVar[tuple[str, ...]] = ("loss", *classification.MEASURES)
    """Names of what `train_step` measures, "loss", "cross_entropy" and "accuracy" among them."""

    def __init__(
        self, network: ParentNetwork, config: SearchConfig, num_steps: int, seed: int
    ) -> None:
        super().__init__(name=type(self).__name__.lower())
        self.space = network.network_plan.space
        self.network = network
        self.config = config
        self.num_steps = num_steps
        self.seed = seed
        self.theta_optimizer = optimizers.theta_optimizer(config, num_steps)
        self.theta_optimizer.build(self.theta)
        self.loss_scale = LossScale(config.precision)
        self.built = True

    @classmethod
    def learns_from_held_out_images(cls, config: SearchConfig) -> bool:
        """Whether it needs images that theta is not trained on.

        They are `config.architecture_fraction` of the training images; a batch then has "held_out",
        a batch of them.
        """
        return False

    @property
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """All optimizers, whose state a restart must bring back."""
        return (self.theta_optimizer,)

    @property
    def step(self) -> keras.Variable:
        """Number of updates made."""
        return self.theta_optimizer.iterations

    @property
    def theta(self) -> list[keras.Variable]:
        """The weights of the network, without the parameters of the architecture."""
        return self.network.trainable_variables

    @abc.abstractmethod
    def draw(self, purpose: int, number: tf.Tensor | int) -> Draw:
        """Draw an architecture at the current step.

        Args:
            purpose: `TRAINING`, `EVALUATION`, `LEARNING` or `DERIVATION`.
            number: number of the draw among those of the step, such as the replica's.
        """

    @abc.abstractmethod
    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update theta and the parameters of the architecture.

        Args:
            batch: this replica's share: "image" uint8 [batch, height, width, 3], "label" [batch];
                and "held_out", such a batch of other images, if
                `learns_from_held_out_images`.

        Returns:
            `training.means.sums` over this replica's examples, for each of `measures`.
        """

    @abc.abstractmethod
    def derive(self, judge: Judge) -> Genotype:
        """Derive the current genotype; the same one for the same state.

        Args:
            judge: measures a child, if `learns_from_held_out_images`.
        """

    @abc.abstractmethod
    def probabilities(self) -> dict[str, tf.Tensor]:
        """Probabilities [edges, operations] of the operations, for each kind of cell."""

    def finish(self) -> int:
        """Make final changes after the last step; return how many edges changed."""
        return 0

    def report(self) -> Mapping[str, Any]:
        """Figures of the algorithm at the end of an epoch, by name."""
        return {"theta_learning_rate": self.theta_optimizer.learning_rate}

    def mean_credit(self) -> Mapping[str, np.ndarray]:
        """Mean credit [edges, operations] of the operations over the epoch, for each kind of cell.

        See `credit.Credit`; empty where no gradient goes through Z.
        """
        return {}

    def begin_epoch(self) -> None:
        """Reset what is averaged over an epoch."""

    def train_theta(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update theta on a draw of this replica; return what is measured of each example."""
        context = tf.distribute.get_replica_context()
        z = self.draw(TRAINING, context.replica_id_in_sync_group).z
        theta = [variable.value for variable in self.theta]
        with tf.GradientTape() as tape:
            logits = self.network(batch["image"], z, training=True)
            measured = classification.measure_examples(batch["label"], logits)
            # The replicas' gradients are summed: each contributes its share of the batch's mean.
            loss = tf.reduce_mean(measured["cross_entropy"]) / context.num_replicas_in_sync
        self.update_theta(self.loss_scale.gradient(tape, loss, theta))
        return {"loss": measured["cross_entropy"], **measured}

    def update_theta(self, gradients: Sequence[tf.Tensor]) -> None:
        """Update theta with this replica's part of the gradient."""
        optimizers.update_theta(self.theta_optimizer, gradients, self.theta, self.config)

    def make_seed(self, *numbers: tf.Tensor | int) -> tf.Tensor:
        """Make a seed, integers [2], that differs for each sequence of integers."""
        seed = tf.stack([self.seed, 0])
        for number in numbers:
            seed = random_numbers.fold_in(seed, tf.cast(number, tf.int64))
        return seed
