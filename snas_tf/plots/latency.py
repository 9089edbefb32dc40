"""Pictures of latencies: predicted beside measured, and the accuracy that they buy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snas_tf.plots.picture import AMBER, BLUE, GREEN, INK, MUTED, PALE, ROSE, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = (BLUE, AMBER, ROSE, GREEN)
_MARKERS = ("o", "s", "^", "D")


def draw_predictions(points: Sequence[tuple[float, float]], tolerance: float = 0.15) -> "Figure":
    """Draw predicted against measured latencies, a dot for each child.

    Args:
        points: (predicted, measured) milliseconds.
        tolerance: deviation of the prediction, as a share of what was measured, up to which a band
            reaches.
    """
    figure, axes = _make("Latency of children, predicted by their parts")
    longest = 1.08 * max(max(point) for point in points)
    ends = (0, longest)
    lower, upper = ([side * end for end in ends] for side in (1 - tolerance, 1 + tolerance))
    axes.fill_between(ends, lower, upper, color=PALE, alpha=0.4, lw=0, gid="band")
    axes.plot(ends, ends, color=MUTED, lw=1.2, gid="equal")
    label: dict[str, Any] = {"color": INK, "size": 9, "va": "bottom"}
    axes.text(0.03 * longest, 0.95 * longest, f"gray: within {tolerance:.0%}", **label)
    predicted, measured = zip(*points, strict=True)
    axes.plot(measured, predicted, "o", color=BLUE, ms=6, mec="white", gid="children")
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.set_xlabel("measured (ms)", color=INK)
    axes.set_ylabel("predicted (ms)", color=INK)
    return figure


def draw_accuracies(points: Mapping[str, Sequence[tuple[float, float]]]) -> "Figure":
    """Draw accuracy against latency, a dot for each child, in the color of its label.

    Args:
        points: for each label, (milliseconds, accuracy) of its children.
    """
    figure, axes = _make("Accuracy and latency of children")
    for place, (label, children) in enumerate(points.items()):
        if children:
            latencies, accuracies = zip(*sorted(children), strict=True)
            style: dict[str, Any] = {
                "color": _COLORS[place % len(_COLORS)],
                "marker": _MARKERS[place % len(_MARKERS)],
            }
            axes.plot(latencies, accuracies, ls="", ms=7, mec="white", label=label, **style)
    axes.set_xlabel("latency of the child, measured (ms)", color=INK)
    axes.set_ylabel("accuracy of the child", color=INK)
    axes.legend(frameon=False, labelcolor=INK, title="cost of the search")
    return figure


def _make(title: str) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.6))
    figure.text(0.03, 0.975, title, **TITLE)
    axes = figure.add_axes((0.12, 0.11, 0.84, 0.79))
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.tick_params(color=PALE, labelcolor=INK)
    axes.grid(color=PALE, alpha=0.3, lw=0.6)
    axes.set_axisbelow(True)
    return figure, axes
