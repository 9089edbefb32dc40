import numpy as np

from snas_tf import plots


def find(figure, gid):
    (artist,) = figure.findobj(lambda one: one.get_gid() == gid)
    return artist


def test_a_child_is_a_dot_and_the_band_holds_predictions_within_the_tolerance():
    points = [(1.0, 1.2), (3.0, 2.9), (2.0, 1.0)]
    figure = plots.draw_predictions(points, tolerance=0.2)
    children = find(figure, "children")
    np.testing.assert_array_equal(children.get_xdata(), [1.2, 2.9, 1.0])
    np.testing.assert_array_equal(children.get_ydata(), [1.0, 3.0, 2.0])
    (band,) = find(figure, "band").get_paths()
    inside = [band.contains_point((measured, predicted)) for predicted, measured in points]
    assert inside == [True, True, False]


def test_every_label_has_its_children_and_its_color():
    points = {"latency": [(2.0, 0.8), (1.0, 0.7)], "parameters": [(3.0, 0.75)], "none": []}
    axes = plots.draw_accuracies(points).axes[0]
    drawn = {
        line.get_label(): [*zip(line.get_xdata(), line.get_ydata(), strict=True)]
        for line in axes.lines
    }
    assert drawn == {"latency": [(1.0, 0.7), (2.0, 0.8)], "parameters": [(3.0, 0.75)]}
    assert len({line.get_color() for line in axes.lines}) == 2
