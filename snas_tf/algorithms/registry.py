"""The search algorithms, by name."""

from snas_tf.algorithms.algorithm import Algorithm
from snas_tf.algorithms.snas import SNAS

ALGORITHMS: dict[str, type[Algorithm]] = {"snas": SNAS}
"""The algorithms that `SearchConfig.algorithm` may name."""


def register(name: str, algorithm: type[Algorithm]) -> None:
    """Register an algorithm.

    Raises:
        ValueError: another algorithm has this name.
    """
    if ALGORITHMS.setdefault(name, algorithm) is not algorithm:
        raise ValueError(f"there is another algorithm of the name {name!r}")
