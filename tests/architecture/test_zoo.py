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
        "amoebanet_b",
        "amoebanet_c",
        "pnas",
        "enas",
    ]


@pytest.mark.parametrize("name", zoo.genotypes())
def test_a_published_cell_is_a_valid_genotype_with_two_edges_into_a_live_node(name):
    published = zoo.genotypes()[name]
    assert genotype_json.from_json(genotype_json.to_json(published)) == published
    for kind in ("normal", "reduce"):
        counts = Counter(edge.target for edge in published.cell(kind).edges)
        if (name, kind) != ("snas_aggressive", "reduce"):
            # A node 7 with one edge is an input that the output concatenates.
            assert counts.pop(7, 1) == 1
            assert set(counts.values()) == {2}


def test_the_aggressive_reduction_cell_has_two_dead_nodes():
    cell = zoo.genotypes()["snas_aggressive"].cell("reduce")
    assert cell.edges == (Edge(0, 2, "sep_conv_5x5"), Edge(0, 3, "sep_conv_5x5"))
    assert cell.concat == (2, 3, 4, 5)


def test_nasnet_uses_one_source_twice():
    edges = zoo.genotypes()["nasnet_a"].cell("normal").edges
    assert [edge for edge in edges if edge.target == 5] == [Edge(0, 5, "avg_pool_3x3")] * 2


# As the code of their authors states them: pairs of an operation and what it reads, where 0 and 1
# are the inputs, and the hidden states that are not marked as used.
AS_RELEASED = {
    ("amoebanet_b", "normal"): (
        "1x1 max_pool_3x3 none separable_3x3_2 1x1 separable_3x3_2 1x1 none avg_pool_3x3 1x1",
        (1, 1, 1, 0, 1, 0, 2, 2, 1, 5),
        (0, 3, 4, 6),
    ),
    ("amoebanet_b", "reduce"): (
        "max_pool_2x2 max_pool_3x3 none 3x3 dil_2_separable_5x5_2 max_pool_3x3 none separable_3x3_2"
        " avg_pool_3x3 1x1",
        (0, 0, 2, 1, 2, 2, 3, 1, 4, 3),
        (5, 6),
    ),
    ("amoebanet_c", "normal"): (
        "avg_pool_3x3 separable_3x3_2 none separable_3x3_2 avg_pool_3x3 separable_3x3_2 none"
        " separable_3x3_2 avg_pool_3x3 separable_3x3_2",
        (0, 0, 0, 0, 2, 1, 0, 1, 3, 0),
        (1, 2, 4, 5, 6),
    ),
    ("amoebanet_c", "reduce"): (
        "max_pool_3x3 max_pool_3x3 separable_7x7_2 separable_3x3_2 separable_7x7_2 max_pool_3x3"
        " separable_5x5_2 separable_5x5_2 max_pool_3x3 separable_3x3_2",
        (0, 0, 2, 0, 0, 1, 4, 4, 1, 1),
        (0, 2, 3, 4, 5, 6),
    ),
    **{
        ("pnas", kind): (
            "separable_5x5_2 max_pool_3x3 separable_7x7_2 max_pool_3x3 separable_5x5_2"
            " separable_3x3_2 separable_3x3_2 max_pool_3x3 separable_3x3_2 none",
            (1, 1, 0, 0, 0, 0, 4, 0, 1, 0),
            (2, 3, 4, 5, 6),
        )
        for kind in ("normal", "reduce")
    },
}
RELEASED_NAMES = {
    "none": "skip_connect",
    "1x1": "nor_conv_1x1",
    "3x3": "bottleneck_conv_3x3",
    "dil_2_separable_5x5_2": "dil_sep_conv_5x5",
    **{f"separable_{k}x{k}_2": f"sep_conv_{k}x{k}" for k in (3, 5, 7)},
}


@pytest.mark.parametrize(("name", "kind"), AS_RELEASED)
def test_a_cell_is_the_one_that_its_authors_released(name, kind):
    operations, sources, concat = AS_RELEASED[name, kind]
    node_of = {0: 1, 1: 0, **{node: node for node in range(2, 7)}}  # Inputs are swapped there.
    edges = [
        Edge(node_of[source], 2 + index // 2, RELEASED_NAMES.get(operation, operation))
        for index, (operation, source) in enumerate(zip(operations.split(), sources, strict=True))
    ]
    inputs = [node for node in concat if node < 2]
    edges += [Edge(node_of[node], 7, "skip_connect") for node in inputs]
    cell = zoo.genotypes()[name].cell(kind)
    assert Counter(cell.edges) == Counter(edges)
    assert {*cell.concat} == {7 if node in inputs else node for node in concat}


def test_enas_is_the_sequence_that_its_authors_released():
    sequences = (
        "0 2 0 0 0 4 0 1 0 4 1 1 1 0 0 1 0 2 1 1",
        "1 0 1 0 0 3 0 2 1 1 3 1 1 0 0 4 0 3 1 1",
    )
    names = ("sep_conv_3x3", "sep_conv_5x5", "avg_pool_3x3", "max_pool_3x3", "skip_connect")
    for kind, sequence in zip(("normal", "reduce"), sequences, strict=True):
        numbers = [int(number) for number in sequence.split()]
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        edges = [
            Edge(source, 2 + index // 2, names[operation])
            for index, (source, operation) in enumerate(pairs)
        ]
        cell = zoo.genotypes()["enas"].cell(kind)
        assert cell.edges == tuple(edges)
        assert {*cell.concat} == set(range(2, 7)) - {source for source, _ in pairs}
