import dataclasses

import numpy as np
import pytest

from snas_tf.architecture import cost, network_cost, zoo
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.operations import OPERATIONS
from snas_tf.architecture.spaces import DARTS

PLANS = DARTS.plan_network(5, 4, (16, 16))

# Counted by an independent implementation, layer by layer while it ran.
COUNTED = {
    "snas_mild": (2_663_542, 422_218_368, 84_980, 11_334_810),
    "snas_moderate": (2_848_222, 440_687_232, 119_560, 14_519_230),
    "snas_aggressive": (2_313_622, 374_912_640, 86_980, 11_842_590),
    "darts_v1": (3_171_574, 500_987_520, 98_580, 13_120_390),
    "darts_v2": (3_351_502, 528_359_040, 104_320, 13_816_850),
    "nasnet_a": (3_841_750, 603_452_448, 149_800, 18_820_570),
    "amoebanet_a": (3_159_334, 488_931_552, 142_200, 17_215_210),
}


@pytest.mark.parametrize("name", COUNTED)
def test_a_published_cell_has_the_counted_parameters_and_multiply_adds(name):
    published = zoo.genotypes()[name]
    counts = []
    for cells, channels, side in [(20, 36, 32), (8, 10, 27)]:
        network_plan = DARTS.plan_network(cells, channels, (side, side), published.output_nodes)
        network = network_cost.child_cost(published, network_plan, num_classes=10)
        counts += [network.parameters, network.multiply_adds]
    assert tuple(counts) == COUNTED[name]


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
    costs = [OPERATIONS[name].cost(4, 1, (8, 8)) for name in names]
    assert dataclasses.astuple(costs[0]) == (0, 0, 0, 0)
    assert costs[1].flops == 0 < costs[2].flops < costs[3].flops
    assert costs[1].memory_access == costs[2].memory_access == 2 * 4 * 64
    assert costs[2].pooling_flops == 64 * 9 * 4
    assert costs[2].multiply_adds == 0


def test_a_skip_at_stride_two_is_a_factorized_reduction():
    skip = OPERATIONS["skip_connect"].cost(4, 2, (15, 16))
    assert skip.parameters == 2 * (4 * 2) + 2 * 4
    assert skip.multiply_adds == 64 * 2 * (4 * 2)


def test_separable_convolutions_are_applied_twice_and_dilated_ones_once():
    for size in ("3x3", "5x5"):
        separable = OPERATIONS[f"sep_conv_{size}"].cost(8, 1, (4, 4))
        assert separable == OPERATIONS[f"dil_conv_{size}"].cost(8, 1, (4, 4)) * 2


def test_costs_of_a_kind_are_the_sum_over_its_cells():
    summed = network_cost.edge_costs_by_criterion(PLANS)
    for kind in DARTS.kinds:
        edge, column = 5, DARTS.operations.index("sep_conv_5x5")
        source = DARTS.edges[edge][0]
        expected = sum(
            network_cost.operation_cost(OPERATIONS["sep_conv_5x5"], plan, source).memory_access
            for plan in PLANS
            if plan.kind == kind
        )
        assert summed[kind]["memory_access"][edge, column] == expected


def positions(size, stride):
    """Where a window of symmetric padding stops: one output pixel each."""
    return [(y, x) for y in range(0, size[0], stride) for x in range(0, size[1], stride)]


def convolution_in_loops(kernel, inputs, outputs, groups, size, stride=1):
    """(parameters, multiply-adds, memory access), multiplication by multiplication."""
    kernels, maps, multiply_adds = set(), set(), 0
    for y, x in positions(size, stride):
        for output in range(outputs):
            maps.add(("written", output, y, x))
            group = output // (outputs // groups)
            for channel in range(inputs // groups):
                # The paper's input map is as large as the output's, at any stride (Eq. 37).
                maps.add(("read", group * (inputs // groups) + channel, y, x))
                for tap in np.ndindex(kernel, kernel):
                    kernels.add((output, channel, tap))
                    multiply_adds += 1
    return np.array([len(kernels), multiply_adds, len(maps) + len(kernels)])


def separable_in_loops(kernel, channels, size, stride):
    depthwise = convolution_in_loops(kernel, channels, channels, channels, size, stride)
    after = tuple(len(range(0, side, stride)) for side in size)
    pointwise = convolution_in_loops(1, channels, channels, 1, after)
    return depthwise + pointwise + [2 * channels, 0, 0], after


def operation_in_loops(name, channels, stride, size):
    """(parameters, operations, memory access) of one of the 8, by nested loops."""
    kernel = int(name[-1]) if "conv" in name else 3
    if name == "none":
        return np.zeros(3)
    if "conv" in name:
        cost_once, after = separable_in_loops(kernel, channels, size, stride)
        again = separable_in_loops(kernel, channels, after, 1)[0] if "sep" in name else 0
        return cost_once + again
    if name == "skip_connect" and stride == 2:
        half = convolution_in_loops(1, channels, channels // 2, 1, size, stride)
        return 2 * half + [2 * channels, 0, 0]
    moved = sum(2 for _ in positions(size, stride) for _ in range(channels))
    if name == "skip_connect":
        return np.array([0, 0, moved])
    taps = sum(1 for _ in positions(size, stride) for _ in np.ndindex(channels, 3, 3))
    return np.array([2 * channels, taps, moved])


@pytest.mark.parametrize("size", [(5, 7), (4, 6), (1, 3)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", DARTS.operations)
def test_an_operation_is_counted_as_its_loops_run(name, stride, size):
    counted = OPERATIONS[name].cost(4, stride, size)
    received = [getattr(counted, criterion) for criterion in cost.CRITERIA]
    np.testing.assert_array_equal(received, operation_in_loops(name, 4, stride, size))


@pytest.mark.parametrize("seed", range(5))
def test_the_cost_of_a_one_hot_z_is_that_of_its_child(seed):
    """The keystone: the penalty counts what the child costs."""
    chosen = np.random.default_rng(seed).integers(8, size=(2, 14))
    z = np.eye(8)[chosen]
    cells = {
        kind: CellGenotype(
            tuple(
                Edge(*edge, DARTS.operations[column])
                for edge, column in zip(DARTS.edges, row, strict=True)
                if column
            )
        )
        for kind, row in zip(DARTS.kinds, chosen, strict=True)
    }
    costs = network_cost.edge_costs_by_criterion(PLANS)
    child = network_cost.child_cost(Genotype(tuple(cells.values())), PLANS, 10)
    around = network_cost.fixed_cost(PLANS, 10)
    for criterion in cost.CRITERIA:
        edges = sum((z[row] * costs[kind][criterion]).sum() for row, kind in enumerate(DARTS.kinds))
        assert edges == getattr(child, criterion) - getattr(around, criterion)


@pytest.mark.parametrize(("cells", "channels", "size"), [(3, 4, 8), (8, 16, 32), (20, 36, 32)])
def test_the_normalized_cost_of_the_most_expensive_child_is_one_in_every_network(
    cells, channels, size
):
    network_plan = DARTS.plan_network(cells, channels, (size, size))
    normalized = network_cost.normalize_costs(network_cost.edge_costs_by_criterion(network_plan))
    column = DARTS.operations.index("sep_conv_5x5")
    assert sum(normalized[kind][:, column].sum() for kind in DARTS.kinds) == pytest.approx(1)
    assert all((normalized[kind][:, 0] == 0).all() for kind in DARTS.kinds)
    assert all((normalized[kind] >= 0).all() for kind in DARTS.kinds)


def test_a_criterion_counts_by_its_share_in_the_weights():
    costs = network_cost.edge_costs_by_criterion(PLANS)
    alone = [
        network_cost.normalize_costs(costs, {**dict.fromkeys(cost.CRITERIA, 0), name: 5})
        for name in cost.CRITERIA
    ]
    mixed = network_cost.normalize_costs(costs, dict(zip(cost.CRITERIA, (2, 6, 0), strict=True)))
    for kind in DARTS.kinds:
        expected = 0.25 * alone[0][kind] + 0.75 * alone[1][kind]
        np.testing.assert_allclose(mixed[kind], expected)


def test_the_expected_cost_of_a_mixture_of_children_is_the_mean_of_theirs():
    children = [zoo.genotypes()[name] for name in ("darts_v1", "darts_v2", "snas_aggressive")]
    weights = np.array([0.5, 0.2, 0.3])
    one_hot = [child.one_hot() for child in children]
    mixture = {
        kind: np.tensordot(weights, [one[kind] for one in one_hot], 1) for kind in DARTS.kinds
    }
    expected = network_cost.expected_costs(PLANS, 10, mixture)
    assert set(expected) == set(cost.CRITERIA)
    for name, value in expected.items():
        costs = [getattr(network_cost.child_cost(child, PLANS, 10), name) for child in children]
        assert value == pytest.approx(weights @ costs, rel=1e-6)
