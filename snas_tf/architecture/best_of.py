"""Random search in a table: what the best of some cells drawn at random is expected to be."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Expectation:
    """Distribution of an accuracy, in percent.

    Attributes:
        mean: its mean.
        deviation: its standard deviation.
    """

    mean: float
    deviation: float


def best_of(number: int, judged_by: np.ndarray, accuracy: np.ndarray) -> Expectation:
    """Compute the accuracy of the best of some cells, drawn uniformly without replacement.

    Exact, by counting draws: k of n cells hold all N that are drawn with probability
    C(k, N) / C(n, N). Of cells that are equally good, each is as likely to be taken.

    Args:
        number: how many cells are drawn, N.
        judged_by: which of them is the best, [cells], such as a validation accuracy.
        accuracy: what its accuracy is taken from, [cells]; with `judged_by`, an oracle's.

    Raises:
        ValueError: fewer than one cell is drawn, or more than there are.
    """
    if not 1 <= number <= len(judged_by):
        raise ValueError(f"number must be 1 to {len(judged_by)}, received: {number}")
    _, group, sizes = np.unique(judged_by, return_inverse=True, return_counts=True)
    reached = _all_among(np.cumsum(sizes), number)
    probabilities = (np.diff(reached, prepend=0.0) / sizes)[group]
    mean = float(probabilities @ accuracy)
    return Expectation(mean, float(np.sqrt(probabilities @ (accuracy - mean) ** 2)))


def _all_among(counts: np.ndarray, number: int) -> np.ndarray:
    """Compute the probability that all cells drawn are among the first `counts` of all."""
    drawn = np.arange(number)
    left = np.maximum(counts[:, np.newaxis] - drawn, 0)
    return np.prod(left / (counts[-1] - drawn), axis=1)
