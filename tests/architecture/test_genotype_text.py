import pytest
from hypothesis import given
from hypothesis import strategies as st

from snas_tf.architecture import genotype_text, space, zoo
from snas_tf.architecture.genotype import Cell, Edge

DARTS_V2 = """
Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0),
('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0),
('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0),
('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0),
('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])
"""
PAIRS = "[('skip_connect', 0), ('skip_connect', 1)]"


def text(normal=PAIRS, concat="range(2, 6)"):
    return f"Genotype(normal={normal}, normal_concat={concat}, reduce=[], reduce_concat=[2])"


def test_two_edges_a_node_are_read_as_printed():
    assert genotype_text.from_text(DARTS_V2) == zoo.genotypes()["darts_v2"]


def test_what_surrounds_the_genotype_is_passed_over():
    logged = f"12/19 03:21:10 PM genotype = {text()}  # the last (of 50)\n"
    edges = (Edge(0, 2, "skip_connect"), Edge(1, 2, "skip_connect"))
    assert genotype_text.from_text(logged).normal == Cell(edges, (2, 3, 4, 5))


def test_arguments_may_be_given_by_position():
    by_position = f"Genotype({PAIRS}, range(2, 6), [], [2])"
    assert genotype_text.from_text(by_position) == genotype_text.from_text(text())


def test_fourteen_edges_in_order_may_hold_none():
    names = ["none" if index % 3 else "sep_conv_5x5" for index in range(14)]
    sources = [source for source, _ in space.EDGES]
    printed = text(list(zip(names, sources, strict=True)))
    edges = [Edge(*space.EDGES[index], "sep_conv_5x5") for index in (0, 3, 6, 9, 12)]
    assert genotype_text.from_text(printed).normal.edges == tuple(edges)


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("Genotype(normal=[])", "not a genotype: it has normal; accepted: Genotype"),
        ("Genotype(normal=[", "not a genotype; accepted"),
        (text("[('skip_connect', 0)]"), "normal: received 1 edges, accepted: two for each node"),
        (text("[('skip_connect',)]"), r"normal\[0\]: received \('skip_connect',\)"),
        (text("open('file')"), r"normal: received open\('file'\), accepted: a list"),
        (text(PAIRS, "range(2, 'x')"), "normal_concat: received range"),
        (text(PAIRS, "range(2, 10**9)"), "normal_concat: received range"),
        (text(PAIRS, "range(2, 1000000000000)"), "node 6 does not exist"),
        (text("[('skip', 0), ('skip', 1)]"), r"normal\.edges\[0\]: unknown operation 'skip'"),
        (text("[('skip_connect', 0), ('skip_connect', 2)]"), "source 2 does not come before"),
    ],
)
def test_a_bad_entry_is_named(printed, message):
    with pytest.raises(ValueError, match=message):
        genotype_text.from_text(printed)


def test_nothing_is_run(tmp_path):
    path = tmp_path / "made"
    with pytest.raises(ValueError, match="accepted"):
        genotype_text.from_text(text(f"[open({str(path)!r}, 'w')]"))
    assert not path.exists()


@given(st.text(alphabet="()[]{}',0 Genotyp=normalduc_", max_size=60))
def test_any_other_text_is_a_value_error(tail):
    with pytest.raises(ValueError, match=r"genotype|accepted"):
        genotype_text.from_text("Genotype(" + tail)
