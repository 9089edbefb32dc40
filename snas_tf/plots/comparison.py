"""Pictures of a comparison of searches, and of their children."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snas_tf.plots.picture import INK, MUTED
from snas_tf.plots.seed_curves import (
    COLORS,
    Rows,
    draw_bands,
    make_panels,
    measure_labels,
    name_lines,
    wrap_label,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = ("o", "s", "^")
_ASIDE = 0.2  # Of the two bars of a label, from its place.


def draw_accuracy(runs: Mapping[str, Sequence[Rows]], epochs: Mapping[str, int]) -> "Figure":
    """Draw validation accuracy over the search: mean, and band from lowest to highest seed.

    Args:
        runs: for each label the rows of its seeds.
        epochs: length of each label's searches; where they differ, x is the share of the search.
    """
    figure, (axes,) = make_panels("Parents during the search", ["validation accuracy"], runs, 7.5)
    draw_bands(axes, runs, epochs, lambda row: row["valid_accuracy"])
    name_lines(axes)
    return figure


def draw_entropy(
    runs: Mapping[str, Sequence[Rows]],
    epochs: Mapping[str, int],
    kinds: Sequence[str],
    operations: int | None,
) -> "Figure":
    """Draw the mean entropy of the edges over the search: of each kind of cell, and of all.

    Args:
        runs: for each label the rows of its seeds.
        epochs: length of each label's searches; where they differ, x is the share of the search.
        kinds: the kinds of cell.
        operations: candidates on an edge, for the entropy that decides nothing; None where the
            searches differ in it.
    """
    shown: dict[str, tuple[str, ...]] = {f"{kind} cell": (kind,) for kind in kinds}
    if len(kinds) > 1:
        shown["both" if len(kinds) == 2 else "all cells"] = tuple(kinds)
    title = "Mean entropy of the edges' distributions (nats)"
    figure, panels = make_panels(title, list(shown), runs, 4 * len(shown) + 1.5)
    for axes, names in zip(panels, shown.values(), strict=True):
        columns = [f"entropy_{kind}" for kind in names]
        draw_bands(axes, runs, epochs, _mean_of(columns))
        axes.set_ylim(bottom=0)
        if operations:
            _draw_uniform(axes, operations)
    name_lines(panels[-1])
    return figure


def draw_children(pairs: Mapping[str, Sequence[tuple[float, float]]]) -> "Figure":
    """Draw the accuracy of parents beside that of their children with the same weights.

    Bars are means; dots are seeds, with a line from the parent to its child.

    Args:
        pairs: for each label, (parent's accuracy, child's accuracy) of its seeds.
    """
    letters, lines = measure_labels(pairs)
    width = max(5.5, 0.9 + max(1.4, 0.08 * letters) * len(pairs))
    title = "Parents, and children with the same weights"
    figure, (axes,) = make_panels(title, ["validation accuracy"], (), width, 0.5 + 0.16 * lines)
    dots: dict[str, Any] = {"color": INK, "lw": 0.8, "marker": "o", "ms": 5, "mec": "white"}
    for place, (label, seeds) in enumerate(pairs.items()):
        for side in range(2):
            _draw_bar(axes, place, side, [seed[side] for seed in seeds])
        for seed in seeds:
            x = (place - _ASIDE, place + _ASIDE)
            axes.plot(x, seed, gid=f"seed-{label}", **dots)
    axes.set_xticks(range(len(pairs)), [wrap_label(label) for label in pairs], size=9)
    axes.tick_params("x", pad=26, length=0)
    axes.set_xlabel("")
    axes.set_axisbelow(True)
    axes.set_xlim(-0.6, len(pairs) - 0.4)
    axes.set_ylim(bottom=0)
    return figure


def draw_test_error(points: Mapping[str, Sequence[tuple[float, float]]]) -> "Figure":
    """Draw test error against parameters of the trained children; rings are means.

    Args:
        points: for each label, (parameters, test error as a share) of its seeds.
    """
    figure, (axes,) = make_panels("Children trained from scratch", ["test error %"], points, 7.5)
    axes.set_xlabel("parameters (thousands)", color=INK)
    axes.xaxis.get_major_locator().set_params(integer=False)  # type: ignore[call-arg]
    for place, (label, seeds) in enumerate(points.items()):
        if seeds:
            x, y = [one / 1e3 for one, _ in seeds], [100 * one for _, one in seeds]
            marker = _MARKERS[place // len(COLORS) % len(_MARKERS)]
            _draw_cluster(axes, label, x, y, COLORS[place % len(COLORS)], marker)
    name_lines(axes)
    return figure


def _mean_of(columns: Sequence[str]) -> Any:
    return lambda row: statistics.mean(row.get(name, math.nan) for name in columns)


def _draw_uniform(axes: "Axes", operations: int) -> None:
    limit = math.log(operations)
    axes.axhline(limit, color=MUTED, ls=":", lw=1.4, gid="uniform")
    text: dict[str, Any] = {"color": INK, "size": 9, "ha": "right", "va": "bottom"}
    across = axes.get_yaxis_transform()
    axes.text(0.99, 1.03 * limit, f"uniform: ln {operations}", transform=across, **text)
    axes.set_ylim(0, 1.14 * limit)


def _draw_bar(axes: "Axes", place: int, side: int, values: Sequence[float]) -> None:
    """Draw the mean of a label's parents (side 0), or of their children (side 1)."""
    if not values:
        return
    x, mean = place + (_ASIDE if side else -_ASIDE), statistics.mean(values)
    color, name = COLORS[place % len(COLORS)], ("parent", "child")[side]
    axes.bar(x, mean, 0.36, color=color, alpha=1 if side else 0.35, lw=0, gid=f"{name}-{place}")
    below: dict[str, Any] = {"xytext": (0, -5), "textcoords": "offset points", "va": "top"}
    where = axes.get_xaxis_transform()
    text = f"{name}\n{mean:.3f}"
    axes.annotate(text, (x, 0), xycoords=where, ha="center", size=8, color=INK, **below)


def _draw_cluster(
    axes: "Axes", label: str, x: Sequence[float], y: Sequence[float], color: str, marker: str
) -> None:
    """Draw the points of the seeds, each with a line to their mean."""
    center = (statistics.mean(x), statistics.mean(y))
    for point in zip(x, y, strict=True):
        ends = tuple(zip(center, point, strict=True))
        axes.plot(*ends, color=color, lw=0.8, alpha=0.45)
    ring: dict[str, Any] = {"ms": 11, "mfc": "white", "mew": 2, "ls": ""}
    axes.plot(*center, marker, color=color, label=wrap_label(label), gid=f"mean-{label}", **ring)
    axes.plot(x, y, marker, color=color, ms=4.5, mew=0, gid=f"seeds-{label}")
