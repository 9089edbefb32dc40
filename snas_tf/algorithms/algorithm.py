"""The base class of search algorithms."""

import abc
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from snas_tf.architecture.genotype import Genotype
from snas_tf.config import SearchConfig
from snas_tf.models.parent import ParentNetwork
from snas_tf.training.traced_model import Batch

TRAINING, EVALUATION = 0, 1
"""What a draw is for; the two never use the same noise."""


class Algorithm(keras.layers.Layer, abc.ABC):
    """Base class of search algorithms: how to draw Z, train a step and derive a genotype.

    An algorithm owns the parameters of the architecture, the optimizers, and its other state. The
    network has the weights theta. `SearchModel` runs it.

    Args:
        network: the parent.
        config: the search's settings.
        num_steps: length of the search in steps, for the schedules.
        seed: seed of every draw, together with the step: step N always draws the same.
    """

    measures: ClassVar[tuple[str, ...]]
    """Names of what `train_step` measures, "loss", "cross_entropy" and "accuracy" among them."""

    theta_optimizer: keras.optimizers.Optimizer

    def __init__(
        self, network: ParentNetwork, config: SearchConfig, num_steps: int, seed: int
    ) -> None:
        super().__init__(name=type(self).__name__.lower())
        self.space = network.network_plan.space
        self.network = network
        self.config = config
        self.num_steps = num_steps
        self.seed = seed
        self.built = True

    @property
    @abc.abstractmethod
    def optimizers(self) -> tuple[keras.optimizers.Optimizer, ...]:
        """All optimizers, whose state a restart must bring back."""

    @property
    @abc.abstractmethod
    def step(self) -> keras.Variable:
        """Number of updates made."""

    @property
    def theta(self) -> list[keras.Variable]:
        """The weights of the network, without the parameters of the architecture."""
        return self.network.trainable_variables

    @abc.abstractmethod
    def draw(self, purpose: int, number: tf.Tensor | int) -> Any:
        """Draw an architecture at the current step.

        Args:
            purpose: `TRAINING` or `EVALUATION`.
            number: number of the draw among those of the step, such as the replica's.

        Returns:
            What has the draw as `z`: for each kind of cell [edges, operations].
        """

    @abc.abstractmethod
    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update theta and the parameters of the architecture.

        Args:
            batch: this replica's share: "image" uint8 [batch, height, width, 3], "label" [batch].

        Returns:
            `training.means.sums` over this replica's examples, for each of `measures`.
        """

    @abc.abstractmethod
    def derive(self) -> Genotype:
        """Derive the current genotype."""

    @abc.abstractmethod
    def probabilities(self) -> dict[str, tf.Tensor]:
        """Probabilities [edges, operations] of the operations, for each kind of cell."""

    def finish(self) -> int:
        """Make final changes after the last step; return how many edges changed."""
        return 0

    def report(self) -> Mapping[str, Any]:
        """Figures of the algorithm at the end of an epoch, by name."""
        return {}

    def make_seed(self, *numbers: tf.Tensor | int) -> tf.Tensor:
        """Make a seed, integers [2], that differs for each sequence of integers."""
        seed = tf.stack([self.seed, 0])
        for number in numbers:
            seed = tf.random.experimental.stateless_fold_in(seed, tf.cast(number, tf.int64))
        return seed
