"""The best of some drawn cells, against every draw there is."""

import itertools

import numpy as np
import pytest

from snas_tf.architecture.best_of import best_of


def enumerate_draws(number, judged_by, accuracy):
    """Mean and deviation over all draws, and over all cells that are as good in each."""
    taken = []
    for draw in itertools.combinations(range(len(accuracy)), number):
        highest = max(judged_by[cell] for cell in draw)
        best = [accuracy[cell] for cell in draw if judged_by[cell] == highest]
        taken += [(one, 1 / len(best)) for one in best]
    values, weights = np.array(taken).T
    mean = np.average(values, weights=weights)
    return mean, np.sqrt(np.average((values - mean) ** 2, weights=weights))


@pytest.mark.parametrize("number", [1, 2, 3, 6, 7])
@pytest.mark.parametrize("ties", [False, True])
def test_mean_and_deviation_are_those_of_all_draws(number, ties):
    generator = np.random.default_rng(number)
    judged_by = generator.integers(3, size=7) if ties else generator.permutation(7)
    accuracy = generator.random(7) * 100
    for by in (judged_by, accuracy):
        found = best_of(number, by, accuracy)
        np.testing.assert_allclose(
            (found.mean, found.deviation), enumerate_draws(number, by, accuracy), atol=1e-9
        )


def test_with_all_cells_an_oracle_finds_the_optimum():
    accuracy = np.random.default_rng(0).permutation(500) / 5
    found = best_of(500, accuracy, accuracy)
    assert (found.mean, found.deviation) == (pytest.approx(99.8), pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize("number", [0, 8])
def test_as_many_cells_are_drawn_as_there_are(number):
    with pytest.raises(ValueError, match=f"number must be 1 to 7, received: {number}"):
        best_of(number, np.arange(7), np.arange(7))
