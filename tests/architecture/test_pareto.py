import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snas_tf.architecture import pareto

NUMBERS = st.integers(0, 6) | st.floats(0, 6)  # Small integers are often equal.
POINTS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12)


def beats(one, other):
    return one[0] <= other[0] and one[1] >= other[1] and one != other


def find(points):
    return pareto.front([cost for cost, _ in points], [accuracy for _, accuracy in points])


@given(POINTS)
def test_the_front_is_what_no_other_point_beats_and_equal_points_count_once(points):
    best = [one for one in points if not any(beats(other, one) for other in points)]
    found = [points[index] for index in find(points)]
    assert found == sorted(set(best))
    assert [points.index(one) for one in found] == find(points)


@given(POINTS.filter(bool))
def test_the_front_rises_and_ends_at_the_most_accurate(points):
    costs, accuracies = zip(*(points[index] for index in find(points)), strict=True)
    assert list(costs) == sorted(set(costs))
    assert list(accuracies) == sorted(set(accuracies))
    assert accuracies[-1] == max(accuracy for _, accuracy in points)
    assert costs[0] == min(cost for cost, _ in points)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=3, max_size=8))
def test_the_knee_is_farthest_above_the_line_between_the_ends(steps):
    x, y = (np.cumsum([step[axis] for step in steps]) for axis in (0, 1))
    knee = pareto.knee(list(x), list(y))
    ends = np.array([x[-1] - x[0], y[-1] - y[0]])
    heights = ends[0] * (y - y[0]) - ends[1] * (x - x[0])  # twice the area over the line
    assert heights[knee] == heights.max()


def test_the_knee_does_not_depend_on_units():
    costs, accuracies = [1, 2, 10, 11], [0.1, 0.7, 0.8, 0.81]
    assert pareto.knee(costs, accuracies) == 1
    assert pareto.knee([1e6 * cost for cost in costs], [100 * one for one in accuracies]) == 1


def test_fewer_than_three_points_have_their_knee_at_the_first():
    assert pareto.knee([5], [0.5]) == 0
    assert pareto.knee([5, 6], [0.5, 0.6]) == 0
    with pytest.raises(ValueError, match="received: none"):
        pareto.knee([], [])
