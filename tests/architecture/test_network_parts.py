import collections

import pytest

from snas_tf.architecture import network_cost, network_parts, spaces
from snas_tf.architecture.network_parts import Part


def test_the_parts_of_a_small_network_are_those_listed_by_hand():
    plan = spaces.DARTS.plan_network(3, 4, (8, 8))  # normal, reduce, reduce
    parts = network_parts.distinct_parts(plan, 10)
    assert parts[0] == Part("stem", "cifar", 3, 12, (8, 8))
    assert parts[-1] == Part("classifier", "classifier", 64, 10, (2, 2))
    preprocess = [part for part in parts if part.kind == "preprocess"]
    assert preprocess == [
        Part("preprocess", "pointwise", 12, 4, (8, 8)),
        Part("preprocess", "pointwise", 12, 8, (8, 8)),
        Part("preprocess", "pointwise", 16, 8, (8, 8)),
        Part("preprocess", "factorized_reduction", 16, 16, (8, 8), 2),
        Part("preprocess", "pointwise", 32, 16, (4, 4)),
    ]
    concatenations = [
        (part.input_channels, part.channels, part.size)
        for part in parts[1:-1]
        if part.kind == "concatenation"
    ]
    assert concatenations == [(4, 16, (8, 8)), (8, 32, (4, 4)), (16, 64, (2, 2))]
    places = collections.Counter(
        (part.channels, part.size, part.stride) for part in parts if part.kind == "operation"
    )
    assert places == dict.fromkeys(
        [(4, (8, 8), 1), (8, (8, 8), 2), (8, (4, 4), 1), (16, (4, 4), 2), (16, (2, 2), 1)], 7
    )


def test_cells_of_nas_bench_201_have_neither_preprocess_nor_concatenation():
    plan = spaces.NASBENCH201.plan_network(2, 4, (8, 8))
    assert [len(network_parts.cell_parts(one)) for one in plan] == [0, 0, 1, 0, 1, 0]
    assert network_parts.cell_parts(plan[2]) == [
        Part("preprocess", "residual_block", 4, 8, (8, 8), 2)
    ]


@pytest.mark.parametrize("name", ["darts", "nasbench201"])
def test_an_edge_has_a_part_where_it_has_a_cost(name):
    space = spaces.get(name)
    for plan in space.plan_network(4, 4, (16, 16)):
        rows = network_parts.edge_parts(space, plan)
        for parts, costs in zip(rows, network_cost.cell_costs(space, plan), strict=True):
            for part, cost in zip(parts, costs, strict=True):
                assert (part is not None) == (cost.memory_access > 0)


def test_inputs_that_are_not_used_have_no_preprocess():
    plan = spaces.DARTS.plan_network(3, 4, (8, 8))[2]
    names = [part.name for part in network_parts.cell_parts(plan, {1})]
    assert names == ["pointwise", "concatenation"]


def test_a_part_is_described_in_words():
    text = str(Part("operation", "sep_conv_3x3", 8, 8, (4, 6), 2))
    assert text == "operation sep_conv_3x3, 8 to 8 channels, 4 x 6, stride 2"
    assert str(Part("classifier", "classifier", 64, 10, (2, 2))).startswith("classifier, 64 to 10")
