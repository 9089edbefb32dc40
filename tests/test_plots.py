import itertools
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from snas_tf import plots
from snas_tf.architecture import space
from snas_tf.architecture.genotype import Cell, Edge

_NAMES = [name for name in space.OPERATIONS if name != "none"]
_FULL = Cell(tuple(Edge(*edge, _NAMES[i % 7]) for i, edge in enumerate(space.EDGES)))
_SPARSE = Cell((Edge(0, 2, "sep_conv_5x5"), Edge(0, 3, "sep_conv_5x5")))
_REPEATED = Cell(
    (Edge(0, 2, "skip_connect"), Edge(0, 2, "skip_connect"), Edge(4, 5, "dil_conv_3x3"))
)
_SIX_PAIRS = [(source, target) for target in range(2, 7) for source in range(target)]
_SIX = Cell(tuple(Edge(*pair, "conv_7x1_1x7") for pair in _SIX_PAIRS), concat=(4, 5, 6))
_CELLS = {"full": _FULL, "sparse": _SPARSE, "repeated": _REPEATED, "six": _SIX, "empty": Cell(())}
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


def _rows(count):
    columns = ("accuracy", "valid_accuracy", "entropy_normal", "entropy_reduce", "temperature")
    return [
        {"epoch": i, **{name: 1 / (i + k + 1) for k, name in enumerate(columns)}}
        for i in range(count)
    ]


def _probabilities():
    logits = np.random.default_rng(0).normal(size=(14, 8))
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def _pictures():
    return {
        "cell": plots.draw_cell(_FULL, "a cell"),
        "alpha": plots.draw_alpha(_probabilities(), "probabilities"),
        "curves": plots.draw_curves(_rows(3), "curves"),
    }


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


def test_colour_tells_the_family_of_an_operation():
    arrows = list(_artists(plots.draw_cell(_FULL, ""), "edge-").values())
    colours = {
        edge.operation: arrow.get_edgecolor()
        for edge, arrow in zip(_FULL.edges, arrows, strict=True)
    }
    assert colours["max_pool_3x3"] == colours["avg_pool_3x3"]
    assert colours["sep_conv_3x3"] == colours["sep_conv_5x5"]
    assert len(set(colours.values())) == 4


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
    assert _ids(svg, "node-6") == {"node-6"}


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


def test_no_two_arrows_run_along_each_other():
    arrows = _artists(plots.draw_cell(_SIX, "a cell"), "edge-").values()
    points = [arrow.get_path().vertices for arrow in arrows]
    spans = [(line[:, 1].max(), line[0, 0], line[7, 0]) for line in points]
    for (lane, start, end), (lane_2, start_2, end_2) in itertools.combinations(spans, 2):
        assert lane != pytest.approx(lane_2) or end < start_2 or end_2 < start
    assert np.diff(sorted(x for _, *ends in spans for x in ends)).min() > 0.1


def test_heat_map_writes_every_probability_and_labels_rows_and_columns(tmp_path):
    probabilities = _probabilities()
    texts = _texts(_svg(plots.draw_alpha(probabilities, "step 7"), tmp_path))
    written = [text for text in texts if re.fullmatch(r"\d\.\d\d", text)]
    assert written == [f"{value:.2f}" for value in probabilities.ravel()]
    assert {f"{source}\u2192{target}" for source, target in space.EDGES} <= set(texts)
    assert {"none", "skip", "max 3x3", "dil 5x5", "step 7"} <= set(texts)
    assert {"0.0", "1.0"} <= set(texts)


def test_heat_map_marks_the_argmax_of_each_row(tmp_path):
    probabilities = _probabilities()
    svg = _svg(plots.draw_alpha(probabilities, "step 7"), tmp_path)
    best = probabilities.argmax(axis=1)
    assert _ids(svg, "best-") == {f"best-{row}-{column}" for row, column in enumerate(best)}


def test_curves_plot_the_columns_of_the_rows():
    rows = _rows(4)
    lines = _artists(plots.draw_curves(rows, "run"), "curve-")
    assert len(lines) == 5
    for name, line in lines.items():
        expected = [(row["epoch"], row[name.removeprefix("curve-")]) for row in rows]
        np.testing.assert_allclose(line.get_xydata(), expected)


def test_curves_show_the_entropy_of_the_uniform_distribution():
    line = _artists(plots.draw_curves(_rows(2), "run"), "uniform")["uniform"]
    assert line.get_linestyle() == ":"
    np.testing.assert_allclose(line.get_ydata(), np.log(8))


def test_curves_skip_absent_and_empty_values():
    rows = [
        {"epoch": 0, "accuracy": "0.5"},
        {"epoch": 1, "accuracy": ""},
        {"epoch": 2, "accuracy": 0.7},
    ]
    lines = _artists(plots.draw_curves(rows, "run"), "curve-")
    assert list(lines) == ["curve-accuracy"]
    np.testing.assert_allclose(lines["curve-accuracy"].get_xydata(), [(0, 0.5), (2, 0.7)])


def test_curves_of_no_rows_still_draw(tmp_path):
    assert "No epochs" in _texts(_svg(plots.draw_curves([], "No epochs"), tmp_path))


@pytest.mark.parametrize("kind", ["cell", "alpha", "curves"])
def test_saved_files_are_what_their_suffix_says(kind, tmp_path):
    from matplotlib.image import imread

    figure = _pictures()[kind]
    plots.save(figure, tmp_path / "picture.PNG")
    width, height = figure.get_size_inches() * 150
    shape = imread(tmp_path / "picture.PNG", format="png").shape
    assert shape[:2] == pytest.approx((height, width), abs=1)
    assert ElementTree.fromstring(_svg(figure, tmp_path)).tag.endswith("}svg")


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_same_picture_gives_same_bytes(suffix, tmp_path):
    for kind, figure in _pictures().items():
        first, second = tmp_path / f"{kind}-1.{suffix}", tmp_path / f"{kind}-2.{suffix}"
        plots.save(figure, first)
        plots.save(_pictures()[kind], second)
        assert first.read_bytes() == second.read_bytes()


def test_saving_twice_gives_same_bytes():
    figure = plots.draw_curves(_rows(3), "curves")
    assert plots.to_png_bytes(figure) == plots.to_png_bytes(figure)


def test_png_bytes_are_those_of_the_png_file(tmp_path):
    figure = plots.draw_cell(_SPARSE, "a cell")
    plots.save(figure, tmp_path / "cell.png")
    assert plots.to_png_bytes(figure) == (tmp_path / "cell.png").read_bytes()
    assert plots.to_png_bytes(figure) != plots.to_png_bytes(plots.draw_cell(_FULL, "a cell"))


def _fail(*_):
    raise OSError("no space left on device")


@pytest.mark.parametrize("step", ["os.replace", "pathlib.Path.write_bytes"])
def test_failed_save_leaves_the_old_file_and_no_other(step, tmp_path, monkeypatch):
    path = tmp_path / "cell.svg"
    path.write_text("old")
    figure = plots.draw_cell(_SPARSE, "a cell")
    monkeypatch.setattr(step, _fail)
    with pytest.raises(OSError, match="no space left"):
        plots.save(figure, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_unknown_suffix_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"received: cell\.jpg"):
        plots.save(plots.draw_cell(_SPARSE, "a cell"), tmp_path / "cell.jpg")
    assert not list(tmp_path.iterdir())


def test_drawing_and_saving_leave_the_state_of_matplotlib_alone(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    for kind, figure in _pictures().items():
        plots.save(figure, tmp_path / f"{kind}.svg")
    assert dict(matplotlib.rcParams) == before


def test_importing_is_light_and_drawing_needs_neither_pyplot_nor_tensorflow():
    program = (
        "import sys; from snas_tf import plots; from snas_tf.architecture.genotype import Cell;"
        "assert 'matplotlib' not in sys.modules;"
        "plots.to_png_bytes(plots.draw_cell(Cell(()), ''));"
        "assert not {'matplotlib.pyplot', 'tensorflow'} & set(sys.modules)"
    )
    root = pathlib.Path(plots.__file__).parents[1]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)
