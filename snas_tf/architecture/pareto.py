"""The Pareto front of accuracy against cost."""

from collections.abc import Sequence

import numpy as np


def front(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Find the points that no other point beats, by rising cost.

    A point beats another if it costs no more and is at least as accurate, and differs in one of
    them. Of equal points the first counts. On the front, accuracy rises with cost.

    Args:
        costs: of each point, finite.
        accuracies: of each point, finite.

    Returns:
        Indices of the points.
    """
    order = np.lexsort((-np.asarray(accuracies, float), np.asarray(costs, float)))  # stable
    found: list[int] = []
    for index in order.tolist():
        if not found or accuracies[index] > accuracies[found[-1]]:
            found.append(index)
    return found


def knee(costs: Sequence[float], accuracies: Sequence[float]) -> int:
    """Find the knee of a front: the point farthest above the line between its ends.

    Cost and accuracy are scaled to the range of the front, so that their units do not matter. With
    fewer than three points it is the first.

    Args:
        costs: of the points of a front, rising.
        accuracies: of these points, rising.

    Returns:
        The index of the point.

    Raises:
        ValueError: there is no point.
    """
    if not costs:
        raise ValueError("a front has a point at least, received: none")
    if len(costs) < 3:
        return 0
    x, y = (np.asarray(values, float) for values in (costs, accuracies))
    return int(np.argmax((y - y[0]) / (y[-1] - y[0]) - (x - x[0]) / (x[-1] - x[0])))
