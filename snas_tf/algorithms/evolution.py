"""Regularized evolution of the derived child, over weights that random children share."""

import collections
import dataclasses

import numpy as np

from snas_tf.algorithms.algorithm import DERIVATION, Judge
from snas_tf.algorithms.random_search import RandomSearch
from snas_tf.architecture.genotype import Genotype, derive


@dataclasses.dataclass(frozen=True)
class _Individual:
    """A child of the evolution.

    Attributes:
        columns: the operation of each edge, int [kinds, edges].
        genotype: the same.
        accuracy: that with which it was judged.
    """

    columns: np.ndarray
    genotype: Genotype
    accuracy: float


class Evolution(RandomSearch):
    """Regularized evolution (Real et al., 2019, Algorithm 1), with shared weights.

    Theta is trained as in `RandomSearch`. To derive a child, a population of `population_size`
    random ones evolves until `derivation_samples` were judged: the best of a tournament of
    `tournament_size` has a child with another operation on one edge, and the oldest dies. The best
    of all that were judged is derived. Real et al. judged 20,000, with a population of 100 and
    tournaments of 25; the defaults here are smaller, as fewer are judged. The arguments are those
    of `Algorithm`.
    """

    def derive(self, judge: Judge) -> Genotype:
        """Derive the best child of an evolution; see `Algorithm.derive`."""
        generator = np.random.default_rng([self.seed, DERIVATION, int(self.step.numpy())])
        population: collections.deque[_Individual] = collections.deque(
            maxlen=self.config.population_size
        )
        best: _Individual | None = None
        for number in range(self.config.derivation_samples):
            is_initial = number < self.config.population_size
            columns = self._guess(generator) if is_initial else self._breed(population, generator)
            individual = self._judge(columns, judge)
            population.append(individual)  # Where it is full, the oldest leaves it.
            if best is None or individual.accuracy > best.accuracy:
                best = individual
        assert best is not None  # At least one is judged.
        return best.genotype

    def _guess(self, generator: np.random.Generator) -> np.ndarray:
        """Draw a random child, the columns [kinds, edges]."""
        edges, operations = self.space.shape
        return generator.integers(operations, size=(len(self.space.kinds), edges))

    def _breed(
        self, population: collections.deque[_Individual], generator: np.random.Generator
    ) -> np.ndarray:
        """Mutate the best of a tournament, whose members are drawn with replacement."""
        drawn = generator.integers(len(population), size=self.config.tournament_size)
        parent = max((population[index] for index in drawn), key=lambda one: one.accuracy)
        return mutate(parent.columns, self.space.shape[1], generator)

    def _judge(self, columns: np.ndarray, judge: Judge) -> _Individual:
        one_hot = np.eye(self.space.shape[1])[columns]
        genotype = derive(dict(zip(self.space.kinds, one_hot, strict=True)), self.space)
        return _Individual(columns, genotype, judge(genotype))


def mutate(columns: np.ndarray, operations: int, generator: np.random.Generator) -> np.ndarray:
    """Give one edge of one kind another operation.

    Args:
        columns: the operation of each edge, int [kinds, edges].
        operations: how many there are.
        generator: draws the kind, the edge and the operation.
    """
    mutated = columns.copy()
    place = tuple(generator.integers(columns.shape))
    mutated[place] = (mutated[place] + generator.integers(1, operations)) % operations
    return mutated
