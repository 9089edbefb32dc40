"""Random search with shared weights: every operation of every edge is as probable."""

import tensorflow as tf

from snas_tf.algorithms.algorithm import DERIVATION, Algorithm, Draw, Judge
from snas_tf.architecture.genotype import Genotype, derive
from snas_tf.config import SearchConfig
from snas_tf.layers import random_numbers
from snas_tf.training.means import sums
from snas_tf.training.traced_model import Batch


class RandomSearch(Algorithm):
    """Random search with shared weights (Li and Talwalkar, 2019).

    Each step trains theta on one child, a one-hot Z whose edges have any operation with the same
    probability, zero included. The best of `config.derivation_samples` such children, judged with
    these weights on images held out, is derived. The arguments are those of `Algorithm`.
    """

    @classmethod
    def learns_from_held_out_images(cls, config: SearchConfig) -> bool:
        """See `Algorithm.learns_from_held_out_images`; children are judged on them."""
        return True

    def draw(self, purpose: int, number: tf.Tensor | int) -> Draw:
        """Draw a one-hot Z, the same for the same step; see `Algorithm.draw`."""
        seed, (edges, operations) = self.make_draw_seed(purpose, number), self.space.shape
        z = {}
        for index, kind in enumerate(self.space.kinds):
            own = random_numbers.fold_in(seed, index)
            columns = random_numbers.integers([edges], own, operations)
            z[kind] = tf.one_hot(columns, operations)
        return Draw(z)

    def make_draw_seed(self, purpose: int, number: tf.Tensor | int) -> tf.Tensor:
        """Make the seed, integers [2], of a draw at the current step."""
        return self.make_seed(purpose, number, self.step.value)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update theta on a child; see `Algorithm.train_step`."""
        return sums(self.train_theta(batch))

    def derive(self, judge: Judge) -> Genotype:
        """Derive the best of the children that are judged; of equal ones, the first."""
        return max(map(self._draw_child, range(self.config.derivation_samples)), key=judge)

    def _draw_child(self, number: int) -> Genotype:
        z = self.draw(DERIVATION, number).z
        return derive({kind: one.numpy() for kind, one in z.items()}, self.space)

    def probabilities(self) -> dict[str, tf.Tensor]:
        """The same probability everywhere, [edges, operations] for each kind."""
        shape = self.space.shape
        return {kind: tf.fill(shape, 1 / shape[1]) for kind in self.space.kinds}
