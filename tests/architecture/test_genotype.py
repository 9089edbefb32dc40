import dataclasses
import itertools
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snas_tf.architecture import genotype, genotype_json, spaces
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS, NASBENCH201
from tests.random_genotypes import OF_PUBLISHED_CELLS

SMALL = Genotype(
    (
        CellGenotype((Edge(0, 2, "sep_conv_3x3"), Edge(0, 2, "skip_connect")), (2, 4)),
        CellGenotype(()),
    )
)


def content(**changes):
    return {**json.loads(genotype_json.to_json(SMALL)), **changes}


def parse(value):
    return genotype_json.from_json(json.dumps(value))


def test_derive_takes_the_most_probable_operation_and_drops_zero():
    log_alpha = np.zeros((14, 8))
    log_alpha[:, DARTS.operations.index("none")] = 1
    log_alpha[3, DARTS.operations.index("dil_conv_5x5")] = 2
    found = genotype.derive({"normal": log_alpha, "reduce": -log_alpha})
    assert found.cell("normal").edges == (Edge(1, 3, "dil_conv_5x5"),)
    assert len(found.cell("reduce").edges) == 14
    assert found.cell("normal").concat == (2, 3, 4, 5)


def test_derive_keeps_more_than_two_edges_a_node():
    log_alpha = np.zeros((14, 8))
    log_alpha[:, 1] = 1
    cell = genotype.derive({"normal": log_alpha, "reduce": log_alpha}).cell("normal")
    assert Counter(edge.target for edge in cell.edges) == {2: 2, 3: 3, 4: 4, 5: 5}


def test_derive_refuses_another_shape():
    with pytest.raises(ValueError, match=r"received: \(13, 8\)"):
        genotype.derive({"normal": np.zeros((13, 8)), "reduce": np.zeros((14, 8))})


EDGES = st.sampled_from(DARTS.edges).flatmap(
    lambda edge: st.sampled_from(DARTS.operations[1:]).map(lambda name: Edge(*edge, name))
)
EXTRA_EDGES = st.builds(
    lambda target, source, name: Edge(min(source, target - 1), target, name),
    st.integers(2, 31),
    st.integers(0, 31),
    st.sampled_from(OF_PUBLISHED_CELLS),
)
CELLS = st.lists(EDGES | EXTRA_EDGES, max_size=20).flatmap(
    lambda edges: st.builds(
        CellGenotype,
        st.just(tuple(edges)),
        st.lists(st.sampled_from(CellGenotype(tuple(edges)).nodes), min_size=1, unique=True).map(
            tuple
        ),
    )
)


@given(st.builds(Genotype, st.tuples(CELLS, CELLS)))
def test_json_holds_every_genotype(any_genotype):
    assert genotype_json.from_json(genotype_json.to_json(any_genotype)) == any_genotype


def test_json_has_one_edge_a_line():
    assert '\n      [0, 2, "sep_conv_3x3"],\n' in genotype_json.to_json(SMALL)


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ([0, 2, "conv"], r"normal\.edges\[0\]: unknown operation 'conv', accepted: skip_connect"),
        ([0, 2, "none"], "unknown operation 'none'"),
        ([0, 2, ["x"]], "unknown operation"),
        ([3, 2, "skip_connect"], "source 3 does not come before target 2"),
        ([2, 2, "skip_connect"], "source 2 does not come before target 2"),
        ([-1, 2, "skip_connect"], "source -1"),
        ([0, 32, "skip_connect"], "target 32 is out of range, accepted: 2 to 31"),
        ([0, 1, "skip_connect"], "target 1 is out of range"),
        ([0, True, "skip_connect"], "target True is out of range"),
        ([0.0, 2, "skip_connect"], r"source 0\.0"),
        ([0, 2], "accepted: \\[source, target, operation\\]"),
        ("0-2", "accepted: \\[source, target, operation\\]"),
    ],
)
def test_a_bad_edge_is_named(edge, message):
    cell = {"edges": [edge], "concat": [2, 3, 4, 5]}
    with pytest.raises(ValueError, match=message):
        parse(content(normal=cell))


@pytest.mark.parametrize(
    ("concat", "message"),
    [
        ([2, 6], r"reduce\.concat\[1\]: node 6 does not exist, accepted: 2 to 5"),
        ([1], "node 1 does not exist"),
        ([], "accepted: distinct nodes"),
        ([2, 2], "accepted: distinct nodes"),
        ("2", r"reduce\.concat: received '2', accepted: a list"),
    ],
)
def test_a_bad_concat_is_named(concat, message):
    with pytest.raises(ValueError, match=message):
        parse(content(reduce={"edges": [], "concat": concat}))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (content(version=2), "version: received 2, accepted: 1"),
        (content(version="1"), "version: received '1'"),
        (content(version=True), "version: received True"),
        ({"normal": {}}, "must have exactly version, normal, reduce"),
        (content(extra=1), "received: \\['extra'"),
        ([], "not a genotype"),
        (content(normal=3), "not a genotype: normal must have exactly edges, concat"),
    ],
)
def test_what_is_no_genotype_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        parse(value)


@given(st.text(max_size=40))
def test_any_other_text_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"not a genotype|version"):
        genotype_json.from_json(text)


def test_a_cell_has_the_nodes_of_the_search_space_and_those_that_edges_enter():
    assert CellGenotype(()).nodes == (2, 3, 4, 5)
    assert CellGenotype((Edge(0, 7, "skip_connect"),)).nodes == (2, 3, 4, 5, 6, 7)


def test_collapse_is_told_from_a_cell_that_computes():
    assert genotype.describe_collapse(CellGenotype(())) == "every edge is zero"
    lazy = CellGenotype((Edge(0, 2, "skip_connect"), Edge(1, 3, "max_pool_3x3")))
    assert genotype.describe_collapse(lazy) == "every live edge is a skip or a pooling"
    working = CellGenotype((*lazy.edges, Edge(0, 4, "sep_conv_3x3")))
    assert genotype.describe_collapse(working) is None


@pytest.fixture
def pair_space(monkeypatch):
    space = SearchSpace("pair", ("none", "skip_connect"), ("only",), num_intermediate=1)
    monkeypatch.setitem(spaces.SPACES, "pair", space)
    return space


def test_json_names_a_space_that_is_not_darts(pair_space):
    found = genotype.derive({"only": np.array([[0, 1], [1, 0]])}, pair_space)
    text = genotype_json.to_json(found)
    assert json.loads(text)["space"] == "pair"
    assert genotype_json.from_json(text) == found
    assert "space" not in json.loads(genotype_json.to_json(SMALL))


@pytest.mark.parametrize("name", ["unheard_of", None, ["pair"]])
def test_a_space_that_is_not_known_is_refused(name):
    with pytest.raises(ValueError, match=r"^space: received .*accepted: darts"):
        parse(content(space=name))


# The two-edge rule of DARTS.


def strongest_by_enumeration(probabilities, space, inputs):
    """The kept edges of a cell: no other choice of as many edges into a node is stronger."""
    kept = set()
    for target in space.intermediate_nodes:
        rows = [row for row, edge in enumerate(space.edges) if edge[1] == target]
        others = [column for column in range(len(space.operations)) if column != space.zero]
        strength = {row: max(probabilities[row][column] for column in others) for row in rows}
        choices = itertools.combinations(rows, min(inputs, len(rows)))
        for row in max(choices, key=lambda choice: sum(strength[one] for one in choice)):
            best = max(others, key=lambda column: probabilities[row][column])
            kept.add(Edge(*space.edges[row], space.operations[best]))
    return kept


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_the_strongest_edges_into_each_node_are_kept_with_their_best_operation_but_zero(inputs):
    generator = np.random.default_rng(0)
    for _ in range(20):
        probabilities = {kind: generator.dirichlet(np.ones(8), 14) for kind in DARTS.kinds}
        space = dataclasses.replace(DARTS, kept_inputs=inputs)
        found = genotype.derive_strongest(probabilities, space)
        for kind in DARTS.kinds:
            expected = strongest_by_enumeration(probabilities[kind], DARTS, inputs)
            assert set(found.cell(kind).edges) == expected
            assert len(found.cell(kind).edges) == len(expected)


def test_probable_zeros_neither_weaken_an_edge_nor_are_kept():
    probabilities = np.full((14, 8), 0.01)
    probabilities[:, 0] = 0.9
    probabilities[2:5, 3] = [0.2, 0.05, 0.1]  # the edges into node 3
    found = genotype.derive_strongest({"normal": probabilities, "reduce": probabilities})
    assert [edge for edge in found.cell("normal").edges if edge.target == 3] == [
        Edge(0, 3, DARTS.operations[3]),
        Edge(2, 3, DARTS.operations[3]),
    ]
    assert len(found.cell("normal").edges) == 8


def test_of_equally_strong_edges_the_first_are_kept_as_by_darts():
    alike = {kind: np.full((14, 8), 1 / 8) for kind in DARTS.kinds}
    for cell in genotype.derive_strongest(alike).cells:
        assert [(edge.source, edge.target) for edge in cell.edges] == [
            (source, target) for target in (2, 3, 4, 5) for source in (0, 1)
        ]


def test_a_space_without_zero_keeps_as_many_edges_and_the_others_have_rows_of_0():
    space = SearchSpace("no_zero", ("skip_connect", "sep_conv_3x3"), ("cell",), 2, 2)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(2), 5)
    found = genotype.derive_strongest({"cell": probabilities}, space)
    assert set(found.cell("cell").edges) == strongest_by_enumeration(probabilities, space, 2)
    z = found.one_hot()["cell"]
    weakest = 2 + probabilities[2:].max(axis=1).argmin()
    np.testing.assert_array_equal(z.sum(axis=1), np.arange(5) != weakest)
    np.testing.assert_array_equal(z.argmax(1)[z.any(1)], probabilities.argmax(1)[z.any(1)])


def test_a_space_that_keeps_no_number_of_edges_keeps_all():
    space = SearchSpace("all", ("skip_connect", "sep_conv_3x3"), ("cell",), kept_inputs=None)
    probabilities = {"cell": np.random.default_rng(0).dirichlet(np.ones(2), 14)}
    found = genotype.derive_strongest(probabilities, space)
    assert found == genotype.derive(probabilities, space)
    assert len(found.cell("cell").edges) == 14


def test_where_a_space_keeps_no_number_of_edges_zero_may_be_the_best_operation():
    probabilities = np.full((6, 5), 0.1)
    probabilities[:, 3] = 0.3
    probabilities[2:4, NASBENCH201.zero] = 0.6
    found = genotype.derive_strongest({"normal": probabilities}, NASBENCH201)
    assert [(edge.source, edge.target) for edge in found.cell("normal").edges] == [
        *((0, 1), (0, 2)),
        *((1, 3), (2, 3)),
    ]


def test_the_edges_of_a_cell_are_counted_by_what_they_have():
    edges = (
        Edge(0, 2, "skip_connect"),
        Edge(1, 2, "max_pool_3x3"),
        Edge(0, 3, "avg_pool_3x3"),
        Edge(1, 3, "sep_conv_5x5"),
        Edge(2, 3, "dil_conv_3x3"),
        Edge(3, 4, "skip_connect"),
    )
    counted = genotype.count_operations(CellGenotype(edges))
    assert counted == {"zeros": 8, "skips": 2, "poolings": 2, "convolutions": 2}
    assert genotype.count_operations(CellGenotype(())) == {
        "zeros": 14,
        "skips": 0,
        "poolings": 0,
        "convolutions": 0,
    }


@pytest.mark.parametrize(
    ("operations", "problem"),
    [
        ((), "every edge is zero"),
        (("skip_connect", "max_pool_3x3"), "every live edge is a skip or a pooling"),
        (("skip_connect", "dil_conv_3x3"), None),
    ],
)
def test_a_cell_has_collapsed_where_it_has_no_convolution(operations, problem):
    edges = tuple(Edge(source, 2, name) for source, name in enumerate(operations))
    assert genotype.describe_collapse(CellGenotype(edges)) == problem
