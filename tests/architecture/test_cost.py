import dataclasses

import numpy as np
import pytest

from snas_tf.architecture import cost, space
from snas_tf.architecture.genotype import Cell, Edge, Genotype

PLANS = space.plan_network(5, 4, (16, 16))
DARTS_V2 = Genotype(
    normal=Cell(
        tuple(
            Edge(source, target, name)
            for target, name, source in [
                (2, "sep_conv_3x3", 0),
                (2, "sep_conv_3x3", 1),
                (3, "sep_conv_3x3", 0),
                (3, "sep_conv_3x3", 1),
                (4, "sep_conv_3x3", 1),
                (4, "skip_connect", 0),
                (5, "skip_connect", 0),
                (5, "dil_conv_3x3", 2),
            ]
        )
    ),
    reduce=Cell(
        tuple(
            Edge(source, target, name)
            for target, name, source in [
                (2, "max_pool_3x3", 0),
                (2, "max_pool_3x3", 1),
                (3, "skip_connect", 2),
                (3, "max_pool_3x3", 1),
                (4, "max_pool_3x3", 0),
                (4, "skip_connect", 2),
                (5, "skip_connect", 2),
                (5, "max_pool_3x3", 1),
            ]
        )
    ),
)


def test_the_published_darts_cell_has_the_published_number_of_parameters():
    plans = space.plan_network(20, 36, (32, 32))
    assert cost.child(DARTS_V2, plans, num_classes=10).parameters == 3_351_502


def loops(kernel, inputs, outputs, groups, size):
    """Eq. 35 to 37 counted one multiplication at a time."""
    multiply_adds = 0
    for _ in range(size[0] * size[1]):
        for _ in range(outputs):
            for _ in range(inputs // groups):
                multiply_adds += kernel * kernel
    return multiply_adds


def test_a_convolution_is_counted_as_its_loops_run():
    counted = cost.convolution(3 * 3, 4, 6, (5, 3), groups=2)
    assert counted.multiply_adds == loops(3, 4, 6, 2, (5, 3))
    assert counted.parameters == loops(3, 4, 6, 2, (1, 1))
    assert counted.memory_access == 15 * 4 + 15 * 6 + counted.parameters


def test_the_four_types_of_operation_are_told_apart_by_the_three_criteria():
    names = ("none", "skip_connect", "max_pool_3x3", "sep_conv_3x3")
    costs = [cost.operation(name, 4, 1, (8, 8)) for name in names]
    assert dataclasses.astuple(costs[0]) == (0, 0, 0, 0)
    assert costs[1].operations == 0 < costs[2].operations < costs[3].operations
    assert costs[1].memory_access == costs[2].memory_access == 2 * 4 * 64
    assert costs[2].pooling_operations == 64 * 9 * 4
    assert costs[2].multiply_adds == 0


def test_a_skip_at_stride_two_is_a_factorised_reduction():
    skip = cost.operation("skip_connect", 4, 2, (8, 8))
    assert skip.parameters == 2 * (4 * 2) + 2 * 4
    assert skip.multiply_adds == 64 * 2 * (4 * 2)


def test_separable_convolutions_are_applied_twice_and_dilated_ones_once():
    for size in ("3x3", "5x5"):
        separable = cost.operation(f"sep_conv_{size}", 8, 1, (4, 4))
        assert separable == cost.operation(f"dil_conv_{size}", 8, 1, (4, 4)) * 2


def test_costs_of_a_kind_are_the_sum_over_its_cells():
    summed = cost.costs_by_kind(PLANS)
    for kind in space.KINDS:
        edge, column = 5, space.OPERATIONS.index("sep_conv_5x5")
        source = space.EDGES[edge][0]
        expected = sum(
            cost.operation(
                "sep_conv_5x5", plan.channels, plan.stride(source), plan.output_size
            ).memory_access
            for plan in PLANS
            if plan.kind == kind
        )
        assert summed[kind]["memory_access"][edge, column] == expected


@pytest.mark.parametrize("seed", range(5))
def test_the_cost_of_a_one_hot_z_is_that_of_its_child(seed):
    """The keystone: the penalty counts what the child costs."""
    chosen = np.random.default_rng(seed).integers(8, size=(2, 14))
    z = np.eye(8)[chosen]
    cells = {
        kind: Cell(
            tuple(
                Edge(*edge, space.OPERATIONS[column])
                for edge, column in zip(space.EDGES, row, strict=True)
                if column
            )
        )
        for kind, row in zip(space.KINDS, chosen, strict=True)
    }
    costs = cost.costs_by_kind(PLANS)
    child = cost.child(Genotype(**cells), PLANS, 10)
    around = cost.surroundings(PLANS, 10)
    for criterion in cost.CRITERIA:
        edges = sum((z[row] * costs[kind][criterion]).sum() for row, kind in enumerate(space.KINDS))
        assert edges == getattr(child, criterion) - getattr(around, criterion)


@pytest.mark.parametrize(("cells", "channels", "size"), [(3, 4, 8), (8, 16, 32), (20, 36, 32)])
def test_the_normalised_cost_of_the_dearest_child_is_one_in_every_network(cells, channels, size):
    plans = space.plan_network(cells, channels, (size, size))
    normalized = cost.normalized(cost.costs_by_kind(plans))
    column = space.OPERATIONS.index("sep_conv_5x5")
    assert sum(normalized[kind][:, column].sum() for kind in space.KINDS) == pytest.approx(1)
    assert all((normalized[kind][:, 0] == 0).all() for kind in space.KINDS)
    assert all((normalized[kind] >= 0).all() for kind in space.KINDS)
