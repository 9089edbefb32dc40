import itertools
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from snas_tf import plots
from snas_tf.architecture.genotype import CellGenotype, Edge
from snas_tf.architecture.spaces import DARTS

_NAMES = [name for name in DARTS.operations if name != "none"]
_FULL = CellGenotype(tuple(Edge(*edge, _NAMES[i % 7]) for i, edge in enumerate(DARTS.edges)))
_SPARSE = CellGenotype((Edge(0, 2, "sep_conv_5x5"), Edge(0, 3, "sep_conv_5x5")))
_REPEATED = CellGenotype(
    (Edge(0, 2, "skip_connect"), Edge(0, 2, "skip_connect"), Edge(4, 5, "dil_conv_3x3"))
)
_SIX_PAIRS = [(source, target) for target in range(2, 7) for source in range(target)]
_SIX = CellGenotype(tuple(Edge(*pair, "conv_7x1_1x7") for pair in _SIX_PAIRS), concat=(4, 5, 6))
_NASNET = CellGenotype(
    (
        Edge(1, 2, "sep_conv_5x5"),
        Edge(0, 2, "sep_conv_3x3"),
        Edge(0, 3, "sep_conv_5x5"),
        Edge(0, 3, "sep_conv_3x3"),
        Edge(1, 4, "avg_pool_3x3"),
        Edge(0, 4, "skip_connect"),
        Edge(0, 5, "avg_pool_3x3"),
        Edge(0, 5, "avg_pool_3x3"),
        Edge(1, 6, "sep_conv_3x3"),
        Edge(1, 6, "skip_connect"),
    ),
    concat=(2, 3, 4, 5, 6),
)
_CELLS = {"full": _FULL, "sparse": _SPARSE, "repeated": _REPEATED, "six": _SIX}
_CELLS |= {"nasnet": _NASNET, "empty": CellGenotype(())}
_EACH_CELL = pytest.mark.parametrize("cell", _CELLS.values(), ids=_CELLS.keys())


def _svg(figure, folder):
    path = folder / "picture.svg"
    plots.save(figure, path)
    return path.read_text(encoding="utf-8")


def _ids(svg, prefix):
    found = (element.get("id", "") for element in ElementTree.fromstring(svg).iter())
    return {name for name in found if name and name.startswith(prefix)}


def _texts(svg):
    return [x.text for x in ElementTree.fromstring(svg).iter() if x.tag.endswith("}text")]


def _artists(figure, prefix):
    found = figure.findobj(lambda artist: str(artist.get_gid()).startswith(prefix))
    return {artist.get_gid(): artist for artist in found}


@_EACH_CELL
def test_cell_has_one_arrow_and_one_label_for_each_edge(cell, tmp_path):
    svg = _svg(plots.draw_cell(cell, "a cell"), tmp_path)
    expected = {f"edge-{i}-{edge.source}-{edge.target}" for i, edge in enumerate(cell.edges)}
    assert {name.removesuffix("-dead") for name in _ids(svg, "edge-")} == expected
    assert len(_ids(svg, "label-")) == len(cell.edges)


def test_cell_names_its_operations_and_its_families(tmp_path):
    texts = _texts(_svg(plots.draw_cell(_FULL, "a cell"), tmp_path))
    for label in ("skip", "max 3x3", "avg 3x3", "sep 3x3", "sep 5x5", "dil 3x3", "dil 5x5"):
        assert label in texts
    assert {"pooling", "separable", "dilated", "cell k-2", "cell k-1", "concat"} <= set(texts)
    assert "a cell" in texts


def test_cell_draws_an_operation_of_no_known_family(tmp_path):
    texts = _texts(_svg(plots.draw_cell(_SIX, "a cell"), tmp_path))
    assert texts.count("conv 7x1 1x7") == len(_SIX.edges)
    assert "other" in texts


def test_color_tells_the_family_of_an_operation():
    arrows = list(_artists(plots.draw_cell(_FULL, ""), "edge-").values())
    colors = {
        edge.operation: arrow.get_edgecolor()
        for edge, arrow in zip(_FULL.edges, arrows, strict=True)
    }
    assert colors["max_pool_3x3"] == colors["avg_pool_3x3"]
    assert colors["sep_conv_3x3"] == colors["sep_conv_5x5"]
    assert len(set(colors.values())) == 4


def test_nodes_that_nothing_reaches_are_marked_dead(tmp_path):
    svg = _svg(plots.draw_cell(_SPARSE, "a cell"), tmp_path)
    dead = {name for name in _ids(svg, "") if name.endswith("-dead")}
    assert dead == {"node-4-dead", "node-5-dead", "concat-4-dead", "concat-5-dead"}
    assert "dead (no live input)" in _texts(svg)


def test_a_node_fed_by_a_dead_node_alone_is_dead_too(tmp_path):
    svg = _svg(plots.draw_cell(_REPEATED, "a cell"), tmp_path)
    assert {"node-5-dead", "edge-2-4-5-dead", "concat-5-dead"} <= _ids(svg, "")


def test_a_cell_without_dead_nodes_marks_none(tmp_path):
    svg = _svg(plots.draw_cell(_FULL, "a cell"), tmp_path)
    assert "dead" not in svg
    assert len(_ids(svg, "node-")) == 7


def test_a_repeated_source_gives_two_paths_apart():
    arrows = _artists(plots.draw_cell(_REPEATED, "a cell"), "edge-")
    first, second = (arrows[f"edge-{i}-0-2"].get_path().vertices for i in range(2))
    assert np.abs(first[0] - second[0]).max() > 0.1
    assert np.abs(first[:, 1].max() - second[:, 1].max()) > 0.2


def test_output_concatenates_only_the_nodes_of_concat(tmp_path):
    svg = _svg(plots.draw_cell(_SIX, "a cell"), tmp_path)
    assert _ids(svg, "concat-") == {"concat-4", "concat-5", "concat-6"}
    assert _ids(svg, "node-") == {f"node-{node}" for node in range(8)}


def test_nasnet_a_has_its_five_nodes_and_all_ten_edges(tmp_path):
    svg = _svg(plots.draw_cell(_NASNET, "NASNet-A"), tmp_path)
    assert _ids(svg, "concat-") == {f"concat-{node}" for node in range(2, 7)}
    assert {"edge-2-0-3", "edge-3-0-3", "edge-6-0-5", "edge-7-0-5"} <= _ids(svg, "edge-")
    assert _texts(svg).count("avg 3x3") == 3
    assert "dead" not in svg


def test_nodes_are_drawn_up_to_the_last_of_the_output_and_no_further(tmp_path):
    cell = CellGenotype((Edge(0, 2, "skip_connect"),), concat=(2, 4))
    svg = _svg(plots.draw_cell(cell, "a cell"), tmp_path)
    dead = {"node-3-dead", "node-4-dead"}
    assert _ids(svg, "node-") == {"node-0", "node-1", "node-2", "node-5", *dead}
    assert _ids(svg, "concat-") == {"concat-2", "concat-4-dead"}


def _extents(figure, prefix):
    return [artist.get_window_extent() for artist in _artists(figure, prefix).values()]


@_EACH_CELL
def test_no_text_of_a_cell_overlaps_another_or_is_clipped(cell):
    figure = plots.draw_cell(cell, "a cell")
    figure.draw_without_rendering()
    texts = [text for axes in figure.axes for text in axes.texts]
    legend = figure.axes[0].get_legend()
    boxes = [text.get_window_extent() for text in texts] + [legend.get_window_extent()]
    # A label has a frame around its text; it counts.
    boxes += [text.get_bbox_patch().get_window_extent() for text in texts if text.get_bbox_patch()]
    for box in boxes:
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
    frames = [t.get_bbox_patch() or t for t in texts]
    for one, other in itertools.combinations([f.get_window_extent() for f in frames], 2):
        assert not one.overlaps(other)


@_EACH_CELL
def test_no_arrow_passes_through_a_box_or_the_label_of_another_edge(cell):
    from matplotlib.path import Path

    figure = plots.draw_cell(cell, "a cell")
    figure.draw_without_rendering()
    boxes = _extents(figure, "node-")
    labels = {
        name.split("-")[1]: text.get_bbox_patch().get_window_extent()
        for name, text in _artists(figure, "label-").items()
    }
    arrows = {**_artists(figure, "edge-"), **_artists(figure, "concat-")}
    for name, arrow in arrows.items():
        # The first 8 points are the line, the others its head.
        path = arrow.get_path()
        line = arrow.get_transform().transform_path(Path(path.vertices[:8], path.codes[:8]))
        # The ends touch the boxes: a box shrunk by a pixel is crossed only by a line through it.
        assert not any(line.intersects_bbox(box.padded(-1.5), filled=False) for box in boxes)
        kind, index = name.split("-")[:2]
        others = [box for i, box in labels.items() if kind == "concat" or i != index]
        assert not any(line.intersects_bbox(box, filled=False) for box in others)


@pytest.mark.parametrize("cell", [_SIX, _NASNET], ids=["six", "nasnet"])
def test_no_two_arrows_run_along_each_other(cell):
    arrows = _artists(plots.draw_cell(cell, "a cell"), "edge-").values()
    points = [arrow.get_path().vertices for arrow in arrows]
    spans = [(line[:, 1].max(), line[0, 0], line[7, 0]) for line in points]
    for (lane, start, end), (lane_2, start_2, end_2) in itertools.combinations(spans, 2):
        assert lane != pytest.approx(lane_2) or end < start_2 or end_2 < start
    assert np.diff(sorted(x for _, *ends in spans for x in ends)).min() > 0.1
