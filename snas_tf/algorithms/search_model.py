"""The Keras model of a search: a parent network, and the algorithm that trains it."""

import keras
import tensorflow as tf

from snas_tf.algorithms.algorithm import EVALUATION, Algorithm
from snas_tf.architecture.genotype import Genotype
from snas_tf.runs.checkpoints import collect_variables
from snas_tf.training import classification
from snas_tf.training.means import sums
from snas_tf.training.traced_model import Batch, TracedModel


class SearchModel(TracedModel):
    """Model that trains a parent network with an algorithm, and evaluates both.

    Args:
        algorithm: has the network.
        judging: batches of images held out, on which children are judged to derive one; None where
            the algorithm judges none.
    """

    def __init__(self, algorithm: Algorithm, judging: tf.data.Dataset | None = None) -> None:
        super().__init__(
            algorithm.measures, classification.MEASURES, "search", algorithm.loss_scale
        )
        self.network = algorithm.network
        self.algorithm = algorithm
        self.config = algorithm.config
        self.num_steps = algorithm.num_steps
        self._judging = judging
        # Whether the derived child is evaluated in place of draws.
        self.evaluates_child = self._add_value("evaluates_child", (), "bool")
        self.child = {
            kind: self._add_value(f"child_{kind}", algorithm.space.shape, "float32")
            for kind in algorithm.space.kinds
        }
        self.built = True
        jit_compile = self.config.jit_compile
        self.compile(optimizer=algorithm.theta_optimizer, jit_compile=jit_compile)

    def _add_value(self, name: str, shape: tuple[int, ...], dtype: str) -> keras.Variable:
        return self.add_weight(
            name=name, shape=shape, dtype=dtype, initializer="zeros", trainable=False
        )

    @property
    def step(self) -> keras.Variable:
        """Number of updates made."""
        return self.algorithm.step

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """See `Algorithm.train_step`."""
        return self.algorithm.train_step(batch)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Measure with the moving statistics: a new draw per batch, or the derived child.

        Args:
            batch: this replica's share: as in training, and "index" and "weight" [batch].

        Returns:
            The sums over this replica's examples, by name.
        """
        drawn = self.algorithm.draw(EVALUATION, batch["index"][0]).z
        z = {
            kind: tf.where(self.evaluates_child, self.child[kind].value, drawn[kind])
            for kind in self.child
        }
        logits = self.network(batch["image"], z, training=False)
        return sums(classification.measure_examples(batch["label"], logits), batch["weight"])

    def begin_epoch(self) -> None:
        """See `TracedModel.begin_epoch`."""
        super().begin_epoch()
        self.algorithm.begin_epoch()

    def derive(self) -> Genotype:
        """Derive the current genotype."""
        return self.algorithm.derive(self._judge)

    def _judge(self, genotype: Genotype) -> float:
        return self.evaluate_child(genotype, self._judging)

    def evaluate_child(self, genotype: Genotype, batches: tf.data.Dataset | None) -> float:
        """Measure the accuracy of a derived child with the parent's weights (Table 1)."""
        for kind, z in genotype.one_hot(self.algorithm.space).items():
            self.child[kind].assign(z)
        self.evaluates_child.assign(True)
        try:
            return self.measure(batches)["accuracy"]
        finally:
            self.evaluates_child.assign(False)

    def state(self) -> list[keras.Variable]:
        """Every variable that a restart must bring back."""
        return collect_variables(self.network, self, *self.algorithm.optimizers)
