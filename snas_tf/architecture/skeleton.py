"""The skeleton of a network: how the cells of a search space follow each other."""

import abc
import dataclasses
from collections.abc import Mapping

from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.stems import Stem


@dataclasses.dataclass(frozen=True)
class Skeleton(abc.ABC):
    """Base class of skeletons.

    Attributes:
        least_cells: the smallest `num_cells` of a network.
        search_size: (num_cells, init_channels) of a parent where none are given.
        evaluation_size: (num_cells, init_channels) of a child where none are given.
        imagenet_cells: num_cells of a child on ImageNet where none are given.
        stem_multiplier: channels of the stem "cifar", as a multiple of the first cell's.
        normalizes_output: whether a normalization and a ReLU follow the last cell.
        hands_on_one_node: whether a cell hands on the channels of a single node.
    """

    least_cells: int
    search_size: tuple[int, int]
    evaluation_size: tuple[int, int]
    imagenet_cells: int
    stem_multiplier: int = 1
    normalizes_output: bool = False
    hands_on_one_node: bool = False

    @abc.abstractmethod
    def plan_cells(
        self,
        num_cells: int,
        init_channels: int,
        stem: Stem,
        image_size: tuple[int, int],
        output_nodes: Mapping[str, int],
    ) -> tuple[CellPlan, ...]:
        """Plan the cells of a network.

        Args:
            num_cells: its size in cells, at least `least_cells`.
            init_channels: channels of the first cell.
            stem: what is before the first cell.
            image_size: (height, width) of the images.
            output_nodes: for each kind, how many nodes its cells concatenate.
        """
