import re

import numpy as np
import pytest
from matplotlib.text import Text

from snas_tf import plots
from snas_tf.architecture.operations import OPERATIONS
from snas_tf.architecture.spaces import DARTS


def _texts(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible()]


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


def test_heat_map_writes_every_probability_and_labels_rows_and_columns():
    probabilities = _probabilities()
    texts = _texts(plots.draw_alpha(probabilities, "step 7"))
    written = [text for text in texts if re.fullmatch(r"\d\.\d\d", text)]
    assert written == [f"{value:.2f}" for value in probabilities.ravel()]
    assert {f"{source}\u2192{target}" for source, target in DARTS.edges} <= set(texts)
    assert {"none", "skip", "max 3x3", "dil 5x5", "step 7"} <= set(texts)
    assert {"0.0", "1.0"} <= set(texts)


def test_heat_map_marks_the_argmax_of_each_row():
    probabilities = _probabilities()
    found = _artists(plots.draw_alpha(probabilities, "step 7"), "best-")
    best = probabilities.argmax(axis=1)
    assert set(found) == {f"best-{row}-{column}" for row, column in enumerate(best)}


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


def test_curves_of_no_rows_still_draw():
    assert "No epochs" in _texts(plots.draw_curves([], "No epochs"))


def _credit():
    credit = np.random.default_rng(1).normal(scale=0.02, size=(14, 8))
    credit[2, 1:7] = np.nan
    credit[5] = np.nan
    return credit


def test_credit_is_written_where_an_operation_ran_with_two_digits_of_the_largest():
    credit = _credit()
    texts = _texts(plots.draw_credit(credit, "credit, normal cell"))
    written = [text for text in texts if re.fullmatch(r"-?0\.\d{3}", text)]
    assert written == [f"{value:.3f}" for value in credit.ravel() if not np.isnan(value)]
    assert "nan" not in texts
    assert {"credit, normal cell", "0\u21922", "skip"} <= set(texts)


def test_the_largest_credit_of_each_edge_is_marked_and_none_where_nothing_ran():
    credit = _credit()
    found = _artists(plots.draw_credit(credit, "credit"), "best-")
    ran = [row for row in range(14) if row != 5]
    assert set(found) == {f"best-{row}-{np.nanargmax(credit[row])}" for row in ran}


def test_colors_of_credit_are_the_same_on_both_sides_of_zero():
    credit = np.zeros((14, 8))
    credit[0, :2] = 0.5, -2.0
    (image,) = plots.draw_credit(credit, "credit").axes[0].images
    assert image.get_clim() == (-2, 2)
    np.testing.assert_allclose(image.get_array(), credit)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, np.nan, 1e-9])
def test_credit_that_is_nothing_or_hardly_anything_is_drawn_in_short_numbers(value):
    texts = _texts(plots.draw_credit(np.full((14, 8), value), "credit"))
    assert max(len(text) for text in texts if re.match(r"-?\d", text)) <= 8


def test_the_height_of_a_heat_map_follows_the_number_of_edges():
    heights = {}
    for nodes in (2, 4):
        space = DARTS.vary(None, num_nodes=nodes)
        figure = plots.draw_alpha(np.full(space.shape, 1 / 8), "alpha", space)
        heights[nodes] = figure.axes[0].get_window_extent().height
    assert heights[2] / 5 == pytest.approx(heights[4] / 14, rel=0.05)


def test_a_larger_space_has_a_larger_heat_map_whose_labels_take_two_lines():
    variant = DARTS.vary(tuple(OPERATIONS), num_nodes=8)
    figure = plots.draw_alpha(np.full(variant.shape, 1 / 12), "alpha", variant)
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels[:3] == ["none", "skip", "max\n3x3"]
    rows = figure.axes[0].get_window_extent().height / len(variant.edges)
    usual = plots.draw_alpha(np.full(DARTS.shape, 1 / 8), "alpha")
    assert rows == pytest.approx(usual.axes[0].get_window_extent().height / 14, rel=0.05)
    assert [label.get_text() for label in usual.axes[0].get_xticklabels()][2] == "max 3x3"
