"""How large a child is when it is evaluated, as a function of what its edges hold."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from snas_tf.architecture import cost, space
from snas_tf.errors import UserError

NUM_CELLS, INIT_CHANNELS, IMAGE_SIZE, NUM_CLASSES = 20, 36, (32, 32), 10
"""The paper's child on CIFAR-10 (Appendix G.2)."""

MEASURES = ("parameters", "multiply_adds")


@dataclasses.dataclass(frozen=True)
class ChildSize:
    """One measure of the children of the search space, without auxiliary classifier.

    Attributes:
        surroundings: what every child has: stem, preprocess layers, classifier.
        edges: for each kind [edges = 14, operations = 8], over all cells of the kind.
    """

    surroundings: float
    edges: Mapping[str, np.ndarray]

    @property
    def smallest(self) -> float:
        """Of the child whose edges are all zero."""
        return self.surroundings

    @property
    def largest(self) -> float:
        """Of the child whose edges all hold their dearest operation."""
        return self.surroundings + sum(one.max(axis=1).sum() for one in self.edges.values())


def evaluation_size(measure: str) -> ChildSize:
    """The size of children of 20 cells and 36 channels for 10 classes of 32 x 32 images.

    Args:
        measure: one of `MEASURES`.
    """
    plans = space.plan_network(NUM_CELLS, INIT_CHANNELS, IMAGE_SIZE)
    around = cost.surroundings(plans, NUM_CLASSES)
    return ChildSize(float(getattr(around, measure)), cost.summed(plans, measure))


def check_target(measure: str, target: float) -> None:
    """Checks that there are children of a size.

    Raises:
        UserError: there are none, smaller or larger ones only.
    """
    size = evaluation_size(measure)
    if not size.smallest <= target <= size.largest:
        raise UserError(
            f"--target_{measure}={target:g}: no child of {NUM_CELLS} cells and {INIT_CHANNELS} "
            f"channels is of this size, accepted: {size.smallest:.0f} to {size.largest:.0f}"
        )
