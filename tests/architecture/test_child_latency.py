import dataclasses
import itertools

import numpy as np
import pytest

from snas_tf.architecture import child_latency, spaces
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype, derive
from snas_tf.architecture.network_parts import Part
from snas_tf.errors import UserError
from tests.latency_tables import make_table


def draw(space, seed):
    generator = np.random.default_rng(seed)
    return derive({kind: generator.random(space.shape) for kind in space.kinds}, space)


def full(space, operation):
    """The genotype with an operation on every edge."""
    column = space.operations.index(operation)
    return derive(
        {kind: np.eye(len(space.operations))[[column] * len(space.edges)] for kind in space.kinds},
        space,
    )


def test_the_latency_of_a_child_is_the_sum_that_one_makes_by_hand():
    normal = CellGenotype((Edge(0, 2, "sep_conv_3x3"), Edge(1, 2, "skip_connect")))
    reduce = CellGenotype((Edge(1, 3, "max_pool_3x3"), Edge(3, 4, "dil_conv_5x5")))
    table = make_table()
    ms = table.timings
    expected = 0.5 + 0.01  # call; node 2 of the one normal cell
    for part in (
        Part("stem", "cifar", 3, 12, (8, 8)),
        Part("preprocess", "pointwise", 12, 4, (8, 8)),
        Part("preprocess", "pointwise", 12, 4, (8, 8)),
        Part("operation", "sep_conv_3x3", 4, 4, (8, 8)),
        Part("operation", "skip_connect", 4, 4, (8, 8)),
        Part("concatenation", "concatenation", 4, 16, (8, 8)),
        Part("preprocess", "pointwise", 16, 8, (8, 8)),
        Part("operation", "max_pool_3x3", 8, 8, (8, 8), 2),
        Part("operation", "dil_conv_5x5", 8, 8, (4, 4)),
        Part("concatenation", "concatenation", 8, 32, (4, 4)),
        Part("preprocess", "pointwise", 32, 16, (4, 4)),
        Part("operation", "max_pool_3x3", 16, 16, (4, 4), 2),
        Part("operation", "dil_conv_5x5", 16, 16, (2, 2)),
        Part("concatenation", "concatenation", 16, 64, (2, 2)),
        Part("classifier", "classifier", 64, 10, (2, 2)),
    ):
        expected += ms[part].median
    assert child_latency.predict(table, Genotype((normal, reduce))) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "operation"), [("darts", "sep_conv_5x5"), ("nasbench201", "nor_conv_3x3")]
)
def test_the_size_of_a_child_without_dead_edges_is_its_latency(name, operation):
    table, space = make_table(name), spaces.get(name)
    genotype = full(space, operation)
    expected = child_latency.predict(table, genotype)
    size = child_latency.latency_size(table, space)
    assert size.expected(genotype.one_hot()) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["darts", "nasbench201"])
def test_the_smallest_child_sums_no_node(name):
    table, space = make_table(name), spaces.get(name)
    assert table.node > 0
    free = child_latency.latency_size(dataclasses.replace(table, node=0.0), space)
    size = child_latency.latency_size(table, space)
    assert size.smallest == free.smallest
    cells = len(table.plan(space))
    nodes = space.num_intermediate - (space.num_inputs == 1)  # A single edge is no sum.
    assert size.largest == pytest.approx(free.largest + cells * nodes * table.node)


def test_the_size_is_linear_in_the_probabilities_of_the_operations():
    table, space = make_table(), spaces.DARTS
    size = child_latency.latency_size(table, space)
    hots = [draw(space, seed).one_hot() for seed in range(2)]
    mixture = {kind: 0.25 * hots[0][kind] + 0.75 * hots[1][kind] for kind in space.kinds}
    expected = 0.25 * size.expected(hots[0]) + 0.75 * size.expected(hots[1])
    assert size.expected(mixture) == pytest.approx(expected)
    assert size.smallest < size.expected(mixture) < size.largest


def test_edges_that_change_nothing_are_in_the_size_but_not_in_the_prediction():
    table, space = make_table(), spaces.DARTS
    lonely = CellGenotype((Edge(2, 3, "sep_conv_3x3"),))  # node 2 is dead
    reads = CellGenotype((Edge(0, 2, "skip_connect"), Edge(1, 2, "skip_connect")))
    with_dead = CellGenotype((*reads.edges, *(Edge(3, 4, "sep_conv_3x3"),)))
    assert child_latency.predict(table, Genotype((with_dead, reads))) == pytest.approx(
        child_latency.predict(table, Genotype((reads, reads)))
    )
    size = child_latency.latency_size(table, space)
    sizes = [size.expected(Genotype((cell, reads)).one_hot()) for cell in (reads, with_dead)]
    assert sizes[0] < sizes[1]
    assert child_latency.predict(table, Genotype((lonely, lonely))) < size.smallest


def test_a_table_serves_a_network_of_another_depth():
    table, space = make_table(num_cells=6), spaces.DARTS
    genotype = full(space, "sep_conv_3x3")
    latencies = [
        child_latency.child_parts(genotype, space.plan_network(cells, 4, (8, 8)), 10).latency(table)
        for cells in (6, 7, 8, 20)
    ]
    assert all(one < other for one, other in itertools.pairwise(latencies))


def test_a_target_that_no_child_reaches_is_refused_with_those_that_some_do():
    table, space = make_table(source="t.json"), spaces.DARTS
    size = child_latency.latency_size(table, space)
    child_latency.check_target(table, space, size.smallest)
    child_latency.check_target(table, space, None)
    for target in (0.99 * size.smallest, 1.01 * size.largest):
        with pytest.raises(
            UserError,
            match=rf"^`target_latency_ms`={target:g}: no child of 3 cells "
            rf"and 4 channels .*t\.json, accepted: {size.smallest:.4g} to",
        ):
            child_latency.check_target(table, space, target)
