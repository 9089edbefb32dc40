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

IMAGENET_CHANNELS, IMAGENET_IMAGE_SIZE, IMAGENET_CLASSES = 48, (224, 224), 1000
"""Of a child on ImageNet (Appendix G.3), with the channels that are usual for its 14 cells."""

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
def evaluation_size(measure: str, space: SearchSpace = DARTS, stem: str = "cifar") -> ChildSize:
    """The size of children as they are evaluated, on CIFAR-10 or on ImageNet.

    Args:
        measure: one of `MEASURES`.
        space: search space of the cells; its skeleton has the number of cells.
        stem: one of `stems.NAMES`; that of ImageNet is for 1,000 classes of 224 x 224 images, the
            other for 10 classes of 32 x 32 images.
    """
    on_imagenet = stem == "imagenet"
    image_size = IMAGENET_IMAGE_SIZE if on_imagenet else IMAGE_SIZE
    network_plan = space.plan_network(*_network_size(space, stem), image_size, stem=stem)
    fixed = network_cost.fixed_cost(network_plan, IMAGENET_CLASSES if on_imagenet else NUM_CLASSES)
    edges = network_cost.edge_costs(network_plan, measure)
    return ChildSize(float(getattr(fixed, measure)), edges)


def _network_size(space: SearchSpace, stem: str) -> tuple[int, int]:
    """The number of cells, and of channels of the first."""
    if stem == "imagenet":
        return space.skeleton.imagenet_cells, IMAGENET_CHANNELS
    return space.skeleton.evaluation_size


def check_target(
    measure: str, target: float, space: SearchSpace = DARTS, stem: str = "cifar"
) -> None:
    """Check that there are children of a size.

    Raises:
        UserError: there are none, smaller or larger ones only.
    """
    size = evaluation_size(measure, space, stem)
    if not size.smallest <= target <= size.largest:
        num_cells, init_channels = _network_size(space, stem)
        raise UserError(
            f"`target_{measure}`={target:g}: no child of {num_cells} cells and {init_channels} "
            f"channels is of this size, accepted: {size.smallest:.0f} to {size.largest:.0f}"
        )
