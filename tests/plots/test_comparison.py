import math

import numpy as np
import pytest
from matplotlib.text import Text

from snas_tf import plots

LABELS = ("snas", "darts:darts_order=2")


def rows(values, column="valid_accuracy"):
    return [{"epoch": float(epoch), column: value} for epoch, value in enumerate(values, 1)]


def artists(figure, prefix):
    found = figure.findobj(lambda artist: str(artist.get_gid()).startswith(prefix))
    return {artist.get_gid(): artist for artist in found}


def texts(figure):
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(Text) if text.get_visible()]


def test_the_line_is_the_mean_of_the_seeds_and_the_band_reaches_from_lowest_to_highest():
    seeds = [[0.1, 0.4, 0.5], [0.3, 0.2, 0.9], [0.2, 0.3, 0.1]]
    runs = {"snas": [rows(one) for one in seeds], "empty": []}
    figure = plots.draw_accuracy(runs, {"snas": 3, "empty": 3})
    (line,) = artists(figure, "mean-").values()
    np.testing.assert_allclose(line.get_xdata(), [1, 2, 3])
    np.testing.assert_allclose(line.get_ydata(), np.mean(seeds, axis=0))
    (band,) = figure.axes[0].collections
    corners = band.get_paths()[0].vertices
    for epoch in (1, 2, 3):
        column = corners[corners[:, 0] == epoch, 1]
        assert (column.min(), column.max()) == (
            min(one[epoch - 1] for one in seeds),
            max(one[epoch - 1] for one in seeds),
        )


def test_searches_of_different_lengths_are_drawn_over_their_shares():
    runs = {"short": [rows([0.1, 0.2])], "long": [rows([0.1, 0.2, 0.3, 0.4])]}
    figure = plots.draw_accuracy(runs, {"short": 2, "long": 4})
    lines = artists(figure, "mean-")
    np.testing.assert_allclose(lines["mean-short"].get_xdata(), [0.5, 1])
    np.testing.assert_allclose(lines["mean-long"].get_xdata(), [0.25, 0.5, 0.75, 1])
    assert "share of the search" in texts(figure)


def test_a_search_that_stopped_early_counts_as_far_as_it_went():
    runs = {"snas": [rows([0.1, 0.2, 0.3]), rows([0.3])]}
    (line,) = artists(plots.draw_accuracy(runs, {"snas": 3}), "mean-").values()
    np.testing.assert_allclose(line.get_ydata(), [0.2, 0.2, 0.3])


def test_labels_stand_in_the_order_of_the_ends_of_their_lines():
    runs = {"low": [rows([0.9, 0.1])], "high": [rows([0.1, 0.9])]}
    figure = plots.draw_accuracy(runs, dict.fromkeys(runs, 2))
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert names == ["high", "low"]


def test_entropy_has_a_panel_for_each_kind_and_one_for_both():
    row = {"epoch": 1.0, "entropy_normal": 0.5, "entropy_reduce": 1.1}
    figure = plots.draw_entropy({"snas": [[row]]}, {"snas": 1}, ("normal", "reduce"), 8)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["normal cell", "reduce cell", "both"]
    for axes, expected in zip(figure.axes, (0.5, 1.1, 0.8), strict=True):
        by_name = {line.get_gid(): line for line in axes.lines}
        np.testing.assert_allclose(by_name["mean-snas"].get_ydata(), expected)
        np.testing.assert_allclose(by_name["uniform"].get_ydata(), math.log(8))
    assert "uniform: ln 8" in texts(figure)
    alone = plots.draw_entropy({"snas": [[row]]}, {"snas": 1}, ("normal",), None)
    assert len(alone.axes) == 1


def test_children_stand_beside_their_parents_with_a_line_for_each_seed():
    pairs = {"snas": [(0.4, 0.5), (0.6, 0.5)], "darts": [(0.8, 0.1)], "missing": []}
    figure = plots.draw_children(pairs)
    bars = {name: bar.get_height() for name, bar in artists(figure, ("parent-", "child-")).items()}
    assert bars == pytest.approx({"parent-0": 0.5, "child-0": 0.5, "parent-1": 0.8, "child-1": 0.1})
    lines = [tuple(line.get_ydata()) for line in figure.axes[0].lines]
    assert lines == [(0.4, 0.5), (0.6, 0.5), (0.8, 0.1)]
    assert {"parent\n0.500", "child\n0.100", "missing"} <= set(texts(figure))


def test_test_errors_have_a_dot_for_each_seed_and_a_ring_at_their_mean():
    points = {"snas": [(1000, 0.2), (3000, 0.4)], "none": []}
    figure = plots.draw_test_error(points)
    (ring,) = artists(figure, "mean-").values()
    np.testing.assert_allclose(ring.get_xydata(), [(2, 30)])
    (dots,) = artists(figure, "seeds-").values()
    np.testing.assert_allclose(dots.get_xydata(), [(1, 20), (3, 40)])


@pytest.mark.parametrize("count", [1, 7])
def test_no_two_labels_look_alike_and_nothing_is_cut_off(count):
    labels = [f"darts:darts_order=single_level:epochs={number}" for number in range(count)]
    figure = plots.draw_accuracy(
        {label: [rows([0.1, 0.2])] for label in labels}, dict.fromkeys(labels, 2)
    )
    lines = artists(figure, "mean-").values()
    looks = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in lines}
    assert len(looks) == count
    figure.draw_without_rendering()
    legend = figure.axes[0].get_legend().get_window_extent()
    assert legend.x1 <= figure.bbox.x1
    assert legend.y0 >= 0
