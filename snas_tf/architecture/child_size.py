"""The size of a child at evaluation, as a function of the operations on its edges."""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from snas_tf.architecture import network_cost
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS
from snas_tf.errors import UserError

IMAGE_SIZE, NUM_CLASSES = (32, 32), 10
"""Of the paper's child on CIFAR-10 (Appendix G.2)."""

MEASURES = ("parameters", "multiply_adds")


@dataclasses.dataclass(frozen=True)
class ChildSize:
    """One measure of the children of the search space, without auxiliary classifier.

    Attributes:
        fixed: what every child has: stem, preprocess layers, classifier.
        edges: for each kind [edges, operations], over all cells of the kind.
    """

    fixed: float
    edges: Mapping[str, np.ndarray]

    @property
    def smallest(self) -> float:
        """The size of the child without edges."""
        return self.fixed

    @property
    def largest(self) -> float:
        """The size of the child with the most expensive operation on every edge."""
        return self.fixed + sum(costs.max(axis=1).sum() for costs in self.edges.values())

    def expected(self, probabilities: Mapping[str, np.ndarray]) -> float:
        """Return the expected size of a child.

        Args:
            probabilities: for each kind, those of the operations [edges, operations].
        """
        edges = (float(np.sum(probabilities[kind] * self.edges[kind])) for kind in self.edges)
        return self.fixed + sum(edges)


@functools.cache
def evaluation_size(measure: str, space: SearchSpace = DARTS) -> ChildSize:
    """The size of children as they are evaluated, for 10 classes of 32 x 32 images.

    Args:
        measure: one of `MEASURES`.
        space: search space of the cells; its skeleton has the number of cells and channels.
    """
    network_plan = space.plan_network(*space.skeleton.evaluation_size, IMAGE_SIZE)
    fixed = network_cost.fixed_cost(network_plan, NUM_CLASSES)
    edges = network_cost.edge_costs(network_plan, measure)
    return ChildSize(float(getattr(fixed, measure)), edges)


def check_target(measure: str, target: float, space: SearchSpace = DARTS) -> None:
    """Check that there are children of a size.

    Raises:
        UserError: there are none, smaller or larger ones only.
    """
    size = evaluation_size(measure, space)
    if not size.smallest <= target <= size.largest:
        num_cells, init_channels = space.skeleton.evaluation_size
        raise UserError(
            f"`target_{measure}`={target:g}: no child of {num_cells} cells and {init_channels} "
            f"channels is of this size, accepted: {size.smallest:.0f} to {size.largest:.0f}"
        )
