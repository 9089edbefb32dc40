"""The skeleton of DARTS and SNAS: cells with two inputs, two of which reduce."""

import dataclasses
from collections.abc import Mapping

from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.skeleton import Skeleton
from snas_tf.architecture.stems import Stem


@dataclasses.dataclass(frozen=True)
class ReductionSkeleton(Skeleton):
    """Normal cells, and at 1/3 and 2/3 of the depth a reduction cell (Section 3.1, App. G).

    The inputs of cell k are the outputs of cells k-2 and k-1, each projected to the channels of the
    cell. A reduction cell halves the resolution and doubles the channels.
    """

    least_cells: int = 3
    search_size: tuple[int, int] = (8, 16)
    evaluation_size: tuple[int, int] = (20, 36)
    imagenet_cells: int = 14
    stem_multiplier: int = 3

    def plan_cells(
        self,
        num_cells: int,
        init_channels: int,
        stem: Stem,
        image_size: tuple[int, int],
        output_nodes: Mapping[str, int],
    ) -> tuple[CellPlan, ...]:
        """See `Skeleton.plan_cells`."""
        inputs, size = stem.output_channels, stem.convolutions(image_size)[-1][1]
        # If the stem continues after input 0, that is twice as large as input 1.
        channels, first_is_larger = init_channels, bool(stem.second)
        plans = []
        for index in range(num_cells):
            kind = "reduce" if index in reduction_positions(num_cells) else "normal"
            stride = 2 if kind == "reduce" else 1
            channels *= stride
            plan = CellPlan(
                index,
                kind,
                channels,
                inputs,
                size,
                ("factorized_reduction" if first_is_larger else "pointwise", "pointwise"),
                output_nodes[kind],
                stride,
            )
            plans.append(plan)
            inputs = (inputs[1], plan.output_channels)
            size, first_is_larger = plan.output_size, kind == "reduce"
        return tuple(plans)


def reduction_positions(num_cells: int) -> frozenset[int]:
    """Indices of the reduction cells: 1/3 and 2/3 of the depth (Section 3.1)."""
    return frozenset({num_cells // 3, 2 * num_cells // 3})
