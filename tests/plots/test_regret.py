import numpy as np

from snas_tf import plots

COLUMNS = ("cifar10_test_200ep", "other")
REFERENCES = {"every edge": dict(zip(COLUMNS, (0.6, 2.0), strict=True))}


def rows(*regrets):
    return [
        {"epoch": epoch, "cell": "|none~0|", COLUMNS[0]: one, COLUMNS[1]: 2 * one}
        for epoch, one in enumerate(regrets, 1)
    ]


def lines(axes):
    return {line.get_gid(): line for line in axes.lines}


def test_each_column_has_a_panel_with_the_mean_of_the_seeds_and_the_references():
    runs = {"snas": [rows(4, 2, 0), rows(8, 2, 1)], "darts": [rows(40, 40, 40)]}
    figure = plots.draw_regret(runs, dict.fromkeys(runs, 3), REFERENCES)
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(COLUMNS)
    for axes, factor, reference in zip(figure.axes, (1, 2), (0.6, 2.0), strict=True):
        drawn = lines(axes)
        np.testing.assert_allclose(drawn["mean-snas"].get_ydata(), factor * np.array([6, 2, 0.5]))
        np.testing.assert_allclose(drawn["mean-darts"].get_ydata(), factor * 40)
        np.testing.assert_allclose(drawn["reference-every edge"].get_ydata(), reference)
    names = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert names == ["darts", "every edge", "snas"]


def test_the_axis_reaches_from_the_optimum_to_the_largest_regret():
    figure = plots.draw_regret({"snas": [rows(30, 0)]}, {"snas": 2}, REFERENCES)
    for axes in figure.axes:
        low, high = axes.get_ylim()
        assert (low, high > 60) == (0, True)
        assert {0, 1, 10, 50} <= {*axes.get_yticks()}


def test_a_search_whose_cells_are_all_lost_leaves_the_references():
    figure = plots.draw_regret({"snas": [[]]}, {"snas": 2}, REFERENCES)
    assert list(lines(figure.axes[0])) == ["reference-every edge"]
    figure.draw_without_rendering()
