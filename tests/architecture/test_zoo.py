from collections import Counter

import pytest

from snas_tf.architecture import genotype, zoo
from snas_tf.architecture.genotype import Edge


def test_the_names_are_those_of_the_published_cells():
    assert list(zoo.genotypes()) == [
        "snas_mild",
        "snas_moderate",
        "snas_aggressive",
        "darts_v1",
        "darts_v2",
        "nasnet_a",
        "amoebanet_a",
    ]


@pytest.mark.parametrize("name", zoo.genotypes())
def test_a_published_cell_is_a_valid_genotype_with_two_edges_into_a_live_node(name):
    published = zoo.genotypes()[name]
    assert genotype.from_json(genotype.to_json(published)) == published
    counts = Counter(edge.target for edge in published.normal.edges)
    assert set(counts.values()) == {2}
    if name != "snas_aggressive":
        assert set(Counter(edge.target for edge in published.reduce.edges).values()) == {2}


def test_the_aggressive_reduction_cell_has_two_dead_nodes():
    cell = zoo.genotypes()["snas_aggressive"].reduce
    assert cell.edges == (Edge(0, 2, "sep_conv_5x5"), Edge(0, 3, "sep_conv_5x5"))
    assert cell.concat == (2, 3, 4, 5)


def test_nasnet_uses_one_source_twice():
    assert zoo.genotypes()["nasnet_a"].normal.inputs_of(5) == (Edge(0, 5, "avg_pool_3x3"),) * 2
