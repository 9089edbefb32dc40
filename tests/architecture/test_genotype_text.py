import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snas_tf.architecture import genotype_json, genotype_text, zoo
from snas_tf.architecture.genotype import CellGenotype, Edge
from snas_tf.architecture.spaces import DARTS

DARTS_V2 = """
Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0),
('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0),
('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0),
('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0),
('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])
"""
SOURCES = [source for source, _ in DARTS.edges]


def pairs(operation="skip_connect", nodes=4):
    return [(operation, 0), (operation, 1)] * nodes


def text(normal=None, concat="range(2, 6)", reduce=None, reduce_concat="[2, 3, 4, 5]"):
    normal, reduce = (pairs() if one is None else one for one in (normal, reduce))
    return (
        f"Genotype(normal={normal}, normal_concat={concat}, reduce={reduce}, "
        f"reduce_concat={reduce_concat})"
    )


def printed(published):
    """A genotype of two edges a node as the namedtuple prints it."""
    cells = (published.cell("normal"), published.cell("reduce"))
    edges = ([(edge.operation, edge.source) for edge in cell.edges] for cell in cells)
    return text(next(edges), [*cells[0].concat], next(edges), [*cells[1].concat])


def test_two_edges_a_node_are_read_as_printed():
    assert genotype_text.from_text(DARTS_V2) == zoo.genotypes()["darts_v2"]


@pytest.mark.parametrize(
    "name", sorted({*zoo.genotypes()} - {"snas_aggressive", "amoebanet_b", "amoebanet_c"})
)
def test_every_published_cell_of_two_edges_a_node_is_read(name):
    published = zoo.genotypes()[name]
    assert genotype_text.from_text(printed(published)) == published


def test_the_published_cell_with_dead_nodes_is_read_with_none_in_their_place():
    published = zoo.genotypes()["snas_aggressive"]
    normal = [(edge.operation, edge.source) for edge in published.cell("normal").edges]
    reduce = [("sep_conv_5x5", 0), ("none", 1)] * 2 + [("none", 0), ("none", 1)] * 2
    assert genotype_text.from_text(text(normal, reduce=reduce)) == published


def test_what_surrounds_the_genotype_is_passed_over():
    logged = f"12/19 03:21:10 PM genotype = {text()}  # the last (of 50)\n"
    edges = [Edge(source, node, "skip_connect") for node in (2, 3, 4, 5) for source in (0, 1)]
    expected = CellGenotype(tuple(edges), (2, 3, 4, 5))
    assert genotype_text.from_text(logged).cell("normal") == expected


def test_arguments_may_be_given_by_position():
    by_position = f"Genotype({pairs()}, range(2, 6), {pairs()}, [2, 3, 4, 5])"
    assert genotype_text.from_text(by_position) == genotype_text.from_text(text())


def test_fourteen_edges_in_order_may_hold_none():
    names = ["none" if index % 3 else "sep_conv_5x5" for index in range(14)]
    both = list(zip(names, SOURCES, strict=True))
    edges = [Edge(*DARTS.edges[index], "sep_conv_5x5") for index in (0, 3, 6, 9, 12)]
    assert genotype_text.from_text(text(both, reduce=both)).cell("normal").edges == tuple(edges)


@pytest.mark.parametrize(
    ("printed", "message"),
    [
        ("Genotype(normal=[])", r"line 1: not a genotype: it has \['normal'\]; accepted: Genotype"),
        ("Genotype(normal=[", "line 1: the text ends too early"),
        ("\n\nGenotype(normal=3", "line 3: the text ends"),
        ("nothing", "not a genotype; accepted"),
        (text("['skip_connect', 0] * 4"), r"received '\* 4, nor"),
        (text("'skip_connect'", reduce="'skip_connect'"), "normal: received 'skip_connect'"),
        (text([("skip_connect",)] * 8), r"normal\[0\]: received \['skip_connect'\]"),
        (text("open('file')"), "normal: received 'open', accepted: a list"),
        (text(concat="range(2, 'x')"), "normal_concat: received range"),
        (text(concat="range(2, 10**9)"), r'received "\*\*9\)'),
        (text(concat="range(2, 1000000000000)"), "normal_concat: received an integer of 13"),
        (text(concat="range(1, 6)"), "node 1 does not exist"),
        (text([("skip", 0), ("skip", 1)] * 4), r"normal\.edges\[0\]: unknown operation 'skip'"),
        (text([("skip_connect", 0), ("skip_connect", 2)] * 4), "source 2 does not come before"),
    ],
)
def test_a_bad_entry_is_named(printed, message):
    with pytest.raises(ValueError, match=message) as caught:
        genotype_text.from_text(printed)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kept", [0, 1, 2, 5, 6, 7])
@pytest.mark.parametrize("kinds", [("normal",), ("reduce",), ("normal", "reduce")])
def test_a_list_that_was_cut_off_is_refused(kept, kinds):
    with pytest.raises(ValueError, match=f"received {kept} pairs|reduce {kept},|has {kept} pairs"):
        genotype_text.from_text(text(**dict.fromkeys(kinds, pairs()[:kept])))


@pytest.mark.parametrize("kept", [8, 10, 12, 13])
def test_fourteen_edges_cut_off_are_not_taken_for_two_a_node(kept):
    whole = [("sep_conv_3x3", source) for source in SOURCES]
    with pytest.raises(ValueError, match=f"normal has {kept} pairs and reduce 14"):
        genotype_text.from_text(text(whole[:kept], reduce=whole))
    if kept > 8:
        with pytest.raises(ValueError, match=f"received {kept} pairs"):
            genotype_text.from_text(text(whole[:kept], reduce=whole[:kept]))


def test_a_node_more_or_less_than_the_output_has_is_refused():
    for nodes, concat in ((5, "range(2, 6)"), (4, "[2, 3, 4]"), (4, "[2, 3, 4, 5, 6]")):
        with pytest.raises(ValueError, match=f"received {2 * nodes} pairs, where the last node"):
            genotype_text.from_text(text(pairs(nodes=nodes), concat, pairs(nodes=nodes)))


FIRST, LAST = text(), text(pairs("sep_conv_3x3"))
SEARCH_LOG = "\n".join(["epoch 0", f"genotype = {FIRST}", "epoch 1", f"genotype = {LAST}", ""])
MODULE = f"""from collections import namedtuple
Genotype = namedtuple('Genotype', 'normal normal_concat reduce reduce_concat')
FIRST = {FIRST}
LAST = \\
genotypes.{LAST}
BROKEN = Genotype(normal=PAIRS)
"""


def test_several_that_differ_are_refused_with_their_lines():
    with pytest.raises(ValueError, match=r"2 genotypes that differ, on lines 2 \(gen.*4 \(gen"):
        genotype_text.from_text(SEARCH_LOG)
    many = "\n".join(
        text([(name, 0), (name, 1)] * 4, reduce=[(other, 0), (other, 1)] * 4)
        for name in DARTS.operations[1:]
        for other in DARTS.operations[1:]
    )
    with pytest.raises(ValueError, match=r"49 genotypes .* 1, 2, 3, 4, 5, \.\.\., 49; .*FILE:49"):
        genotype_text.from_text(many)


def test_several_equal_ones_are_one():
    assert genotype_text.from_text(f"{LAST}\n{FIRST}\n", line=2) == genotype_text.from_text(FIRST)
    spaced = FIRST.replace(" ", "\n ").replace("range(2, 6)", "[2, 3, 4, 5]")
    assert genotype_text.from_text(f"{FIRST}\n{spaced}") == genotype_text.from_text(FIRST)


def test_one_is_selected_by_its_line_or_its_name():
    first, last = map(genotype_text.from_text, (FIRST, LAST))
    assert genotype_text.from_text(SEARCH_LOG, line=2) == first
    assert genotype_text.from_text(SEARCH_LOG, line=4) == last
    assert genotype_text.from_text(MODULE, name="FIRST") == first
    assert genotype_text.from_text(MODULE, name="LAST") == last
    assert genotype_text.from_text(MODULE, line=5) == last


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"line": 4}, r"no genotype on line 4; accepted: those on lines 3 \(FIRST\), 5 \(LAST\)"),
        ({"name": "first"}, "no genotype with the name 'first'; accepted: those on lines 3"),
        ({"name": "BROKEN"}, "line 6: normal: received 'PAIRS'"),
        ({}, "line 6: normal: received 'PAIRS'.*FILE:LINE"),
    ],
)
def test_a_selection_of_nothing_names_what_there_is(selection, message):
    with pytest.raises(ValueError, match=message):
        genotype_text.from_text(MODULE, **selection)


def test_a_name_that_is_used_twice_does_not_decide():
    with pytest.raises(ValueError, match="2 genotypes that differ"):
        genotype_text.from_text(SEARCH_LOG, name="genotype")


def test_the_definition_of_the_class_is_no_genotype():
    defined = f"class Genotype(NamedTuple):\n    pass\n\ncell = {FIRST}\n"
    assert genotype_text.from_text(defined) == genotype_text.from_text(FIRST)
    assert not genotype_text.is_printed("MyGenotype(normal=[])")
    mentioned = f"# cells of this class\n{FIRST}\n# of class {LAST}"
    with pytest.raises(ValueError, match="on lines 2, 3"):
        genotype_text.from_text(mentioned)


def test_nothing_is_run(tmp_path):
    path = tmp_path / "made"
    for code in (f"open({str(path)!r}, 'w')", f"[open({str(path)!r}, 'w')]", "[exit()]"):
        with pytest.raises(ValueError, match="accepted"):
            genotype_text.from_text(text(code))
    assert not path.exists()


def refusal(printed):
    """Return the message that refuses a text; None for a valid genotype."""
    try:
        genotype = genotype_text.from_text(printed)
    except ValueError as error:
        return str(error)
    assert genotype_json.from_json(genotype_json.to_json(genotype)) == genotype
    return ""


HOSTILE = {
    "brackets": "Genotype(" + "[" * 1000,
    "conditionals": "Genotype(normal=" + "1 if 1 else " * 50_000 + "1)",
    "unclosed": "Genotype(normal=[" + "('skip_connect', 0), " * 4000,
    "closing": "Genotype(normal=[" + ")" * 84_000,
    "calls": "Genotype(" * 100_000,
    "definitions": "class Genotype(" * 60_000,
    "names": "x" * 900_000 + "=Genotype(",
    "spaces": "Genotype" + " " * 900_000,
    "strings": "Genotype('" * 90_000,
    "comments": "Genotype(#" * 90_000,
    "digits": "Genotype(normal=[" + "9" * 900_000 + "])",
    "operation": text([("x" * 400_000, 0)] * 8),
    "pairs": text([("skip_connect", 0)] * 9000, reduce=[("skip_connect", 0)] * 9000),
    "equal": (FIRST + "\n") * 300,
    "no name": "\n".join(f"{'a' * 1000}{index} = {FIRST}" for index in range(300)) + LAST,
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_refused_at_once_in_few_words(hostile):
    started = time.thread_time()
    message = refusal(hostile)
    assert time.thread_time() - started < 10
    assert len(message) < 400
    assert "\n" not in message


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="()[]{}',0 Genotyp=normalduc_#\\\n", max_size=60))
def test_any_other_text_is_a_value_error(tail):
    with pytest.raises(ValueError, match=r"genotype|accepted|early|received"):
        genotype_text.from_text("Genotype(" + tail)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damage_at_one_place_gives_a_genotype_or_a_value_error(data):
    start = data.draw(st.integers(0, len(LAST)))
    end = data.draw(st.integers(start, min(len(LAST), start + 20)))
    damaged = LAST[:start] + data.draw(st.text(max_size=5)) + LAST[end:]
    assert len(refusal(damaged)) < 400
