"""The skeleton of NAS-Bench-201: stages of equal cells, between them residual blocks."""

import dataclasses
from collections.abc import Mapping

from snas_tf.architecture.cell_plan import CellPlan, halve
from snas_tf.architecture.skeleton import Skeleton
from snas_tf.architecture.stems import Stem


@dataclasses.dataclass(frozen=True)
class StageSkeleton(Skeleton):
    """Stages of cells of one kind (Dong and Yang, 2020, Section 2.1).

    A cell reads the output of the cell before it and keeps its size and channels. The first cell of
    each stage but the first reads it through a residual block, which halves the resolution and
    doubles the channels. `num_cells` counts the cells of one stage.

    Attributes:
        num_stages: how many stages a network has.
    """

    least_cells: int = 1
    search_size: tuple[int, int] = (5, 16)
    evaluation_size: tuple[int, int] = (5, 16)
    imagenet_cells: int = 5
    normalizes_output: bool = True
    hands_on_one_node: bool = True
    num_stages: int = 3

    def plan_cells(
        self,
        num_cells: int,
        init_channels: int,
        stem: Stem,
        image_size: tuple[int, int],
        output_nodes: Mapping[str, int],
    ) -> tuple[CellPlan, ...]:
        """See `Skeleton.plan_cells`."""
        ((kind, num_outputs),) = output_nodes.items()
        channels, size = init_channels, stem.convolutions(image_size)[-1][1]
        plans = []
        for index in range(self.num_stages * num_cells):
            inputs, preprocess = (channels,), ("identity",)
            if index and index % num_cells == 0:
                channels, size, preprocess = 2 * channels, halve(size), ("residual_block",)
            plans.append(CellPlan(index, kind, channels, inputs, size, preprocess, num_outputs))
        return tuple(plans)
