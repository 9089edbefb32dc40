import pytest
from hypothesis import given
from hypothesis import strategies as st

from snas_tf.architecture import genotype_json
from snas_tf.architecture.edge_text import all_texts, from_text, is_edge_text, to_text
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.genotype_source import load_genotype, short_name
from snas_tf.architecture.spaces import DARTS, NASBENCH201
from snas_tf.architecture.zoo import genotypes
from snas_tf.errors import UserError

TEXT = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
CELLS = st.lists(st.sampled_from(NASBENCH201.operations), min_size=6, max_size=6)


def write(names):
    """The text of a cell with these operations on its edges."""
    return "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|".format(*names)


def test_a_cell_has_the_edges_that_its_text_names_but_zero():
    cell = from_text(TEXT).cell("normal")
    assert cell.edges == (
        Edge(0, 1, "nor_conv_3x3"),
        Edge(1, 2, "skip_connect"),
        Edge(0, 3, "avg_pool_3x3"),
        Edge(2, 3, "nor_conv_1x1"),
    )
    assert cell.concat == (3,)


@given(CELLS)
def test_every_cell_is_written_as_it_was_read(names):
    genotype = from_text(f" {write(names)}\n")
    assert to_text(genotype) == write(names)
    text = genotype_json.to_json(genotype)
    assert genotype_json.from_json(text) == genotype
    assert '"space": "nasbench201"' in text


def test_every_cell_of_the_space_has_one_text():
    texts = list(all_texts(NASBENCH201))
    assert len(set(texts)) == len(texts) == NASBENCH201.size == 15_625
    assert write(["nor_conv_1x1"] * 6) in texts


def test_an_operation_that_is_no_candidate_is_written_and_another_edge_is_not():
    def cell(*edges):
        return Genotype((CellGenotype(edges, (3,), NASBENCH201),))

    other = cell(Edge(0, 1, "sep_conv_3x3"))
    assert to_text(other).startswith("|sep_conv_3x3~0|+|none~0|none~1|+")
    for edges in ([Edge(3, 4, "skip_connect")], [Edge(0, 1, "skip_connect")] * 2):
        with pytest.raises(ValueError, match="other edges than nasbench201"):
            to_text(cell(*edges))


@given(st.text(alphabet="|~+0123noe_cv", max_size=40) | st.text(max_size=20))
def test_any_other_text_is_a_value_error(text):
    with pytest.raises(ValueError, match="received"):
        from_text(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (TEXT.replace("+", ""), "received 1 nodes, separated by +, accepted: 3"),
        (TEXT.replace("skip_connect~1", "skip_connect~0"), "node 2: received 'skip_connect~0'"),
        (TEXT.replace("nor_conv_1x1", "conv_9x9"), "one of none, skip_connect"),
        (TEXT.replace("none~1|nor", "nor"), "node 3: received"),
        (TEXT[:-1], "accepted: |OPERATION~0|OPERATION~1|OPERATION~2|"),
    ],
)
def test_what_is_wrong_is_named(text, part):
    with pytest.raises(UserError, match=r"^`genotype`=") as error:
        load_genotype(text)
    assert part in str(error.value)


def test_a_text_and_a_file_with_it_are_sources_of_genotypes(tmp_path):
    path = tmp_path / "found cell.txt"
    path.write_text(f"\n{TEXT}\n")
    assert load_genotype(TEXT) == load_genotype(path) == from_text(TEXT)
    assert is_edge_text(TEXT)
    assert not is_edge_text("snas_mild")
    name = short_name(TEXT)
    assert name.replace("-", "").replace("_", "").isalnum()
    assert len({short_name(write(["none"] * 5 + [one])) for one in NASBENCH201.operations}) == 5


def test_a_cell_of_a_variant_is_a_cell_of_the_space():
    text = write(["sep_conv_3x3", "none", "nor_conv_1x1", "none", "none", "skip_connect"])
    genotype = from_text(text)
    assert genotype.cell("normal").edges[0] == Edge(0, 1, "sep_conv_3x3")
    assert genotype.space == NASBENCH201


def test_cells_of_several_kinds_have_no_text():
    assert len(DARTS.kinds) == 2
    with pytest.raises(ValueError, match="unpack"):
        to_text(genotypes()["snas_mild"])
