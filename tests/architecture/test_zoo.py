from collections import Counter

import pytest

from snas_tf.architecture import genotype_json, zoo
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
    assert genotype_json.from_json(genotype_json.to_json(published)) == published
    counts = Counter(edge.target for edge in published.cell("normal").edges)
    assert set(counts.values()) == {2}
    if name != "snas_aggressive":
        assert set(Counter(edge.target for edge in published.cell("reduce").edges).values()) == {2}


def test_the_aggressive_reduction_cell_has_two_dead_nodes():
    cell = zoo.genotypes()["snas_aggressive"].cell("reduce")
    assert cell.edges == (Edge(0, 2, "sep_conv_5x5"), Edge(0, 3, "sep_conv_5x5"))
    assert cell.concat == (2, 3, 4, 5)


def test_nasnet_uses_one_source_twice():
    edges = zoo.genotypes()["nasnet_a"].cell("normal").edges
    assert [edge for edge in edges if edge.target == 5] == [Edge(0, 5, "avg_pool_3x3")] * 2
