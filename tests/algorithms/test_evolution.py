import itertools

import numpy as np
import pytest

from snas_tf.algorithms.evolution import mutate
from tests.algorithms.small_models import make_algorithm
from tests.small_space import SMALL


@pytest.fixture(scope="module")
def evolution():
    return make_algorithm("evolution", derivation_samples=60, population_size=8, tournament_size=3)


def columns_of(genotype):
    """The operation of each edge [kinds, edges]."""
    return np.stack([genotype.one_hot()[kind].argmax(axis=1) for kind in SMALL.kinds])


class Judge:
    """Judges how many edges have the operation that is wanted, and remembers what it saw."""

    def __init__(self):
        self.wanted = np.random.default_rng(1).integers(4, size=(2, 5))
        self.seen, self.accuracies = [], []

    def __call__(self, genotype):
        self.seen.append(columns_of(genotype))
        self.accuracies.append(float((self.seen[-1] == self.wanted).mean()))
        return self.accuracies[-1]


def best_at_each_step(name, steps=3):
    """The best accuracy that an algorithm finds with 250 judged, at each of some steps."""
    algorithm, best = make_algorithm(name, derivation_samples=250), []
    for step in range(steps):
        algorithm.step.assign(step)
        judge = Judge()
        assert Judge()(algorithm.derive(judge)) == max(judge.accuracies)
        best.append(max(judge.accuracies))
    return best


def test_evolution_finds_better_children_than_random_search_with_as_many_judged():
    found = best_at_each_step("evolution")
    assert min(found) > max(best_at_each_step("random"))
    assert max(found) == 1.0  # the very child that is wanted


def test_the_same_state_gives_the_same_child_and_another_step_another_evolution(evolution):
    first, again, other = Judge(), Judge(), Judge()
    assert evolution.derive(first) == evolution.derive(again)
    np.testing.assert_array_equal(first.seen, again.seen)
    evolution.step.assign(1)
    evolution.derive(other)
    evolution.step.assign(0)
    assert not np.array_equal(first.seen, other.seen)


def test_children_after_the_first_population_differ_in_one_edge_from_one_that_lives(evolution):
    judge = Judge()
    evolution.derive(judge)
    assert len(judge.seen) == 60
    for number in range(8, 60):
        living = judge.seen[number - 8 : number]
        assert 1 in [(judge.seen[number] != parent).sum() for parent in living]


def test_the_oldest_dies_however_good_it_is():
    alone = make_algorithm("evolution", derivation_samples=9, population_size=1, tournament_size=1)
    seen = []
    best = alone.derive(lambda genotype: -len(seen.append(columns_of(genotype)) or seen))
    np.testing.assert_array_equal(columns_of(best), seen[0])
    for parent, child in itertools.pairwise(seen):
        assert (parent != child).sum() == 1


def test_a_mutation_gives_any_other_operation_to_any_edge():
    columns, generator = np.zeros((2, 3), int), np.random.default_rng(0)
    mutants = {mutate(columns, 4, generator).tobytes() for _ in range(400)}
    assert len(mutants) == 2 * 3 * 3
    assert not columns.any()
