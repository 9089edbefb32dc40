"""Pictures of a comparison of searches, and of their children."""

import itertools
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snas_tf.plots.charts import style_panel
from snas_tf.plots.picture import AMBER, BLUE, GREEN, INK, MUTED, PURPLE, ROSE, SKY, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, float]]
"""The rows of a metrics.csv."""

_COLORS = (BLUE, AMBER, ROSE, SKY, GREEN, PURPLE)
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1.2, 1.2)))
_MARKERS = ("o", "s", "^")
_ASIDE = 0.2  # Of the two bars of a label, from its place.
_HEIGHT, _TOP = 4.2, 0.62  # Inches of a picture, and above its panels.


def draw_accuracy(runs: Mapping[str, Sequence[Rows]], epochs: Mapping[str, int]) -> "Figure":
    """Draw validation accuracy over the search: mean, and band from lowest to highest seed.

    Args:
        runs: for each label the rows of its seeds.
        epochs: length of each label's searches; where they differ, x is the share of the search.
    """
    figure, (axes,) = _panels("Parents during the search", ["validation accuracy"], runs, 7.5)
    _draw_bands(axes, runs, epochs, lambda row: row["valid_accuracy"])
    _name_lines(axes)
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
    figure, panels = _panels(title, list(shown), runs, 4 * len(shown) + 1.5)
    for axes, names in zip(panels, shown.values(), strict=True):
        columns = [f"entropy_{kind}" for kind in names]
        _draw_bands(axes, runs, epochs, _mean_of(columns))
        axes.set_ylim(bottom=0)
        if operations:
            _draw_uniform(axes, operations)
    _name_lines(panels[-1])
    return figure


def draw_children(pairs: Mapping[str, Sequence[tuple[float, float]]]) -> "Figure":
    """Draw the accuracy of parents beside that of their children with the same weights.

    Bars are means; dots are seeds, with a line from the parent to its child.

    Args:
        pairs: for each label, (parent's accuracy, child's accuracy) of its seeds.
    """
    letters, lines = _size(pairs)
    width = max(5.5, 0.9 + max(1.4, 0.08 * letters) * len(pairs))
    title = "Parents, and children with the same weights"
    figure, (axes,) = _panels(title, ["validation accuracy"], (), width, 0.5 + 0.16 * lines)
    dots: dict[str, Any] = {"color": INK, "lw": 0.8, "marker": "o", "ms": 5, "mec": "white"}
    for place, (label, seeds) in enumerate(pairs.items()):
        for side in range(2):
            _draw_bar(axes, place, side, [seed[side] for seed in seeds])
        for seed in seeds:
            x = (place - _ASIDE, place + _ASIDE)
            axes.plot(x, seed, gid=f"seed-{label}", **dots)
    axes.set_xticks(range(len(pairs)), [_wrap(label) for label in pairs], size=9)
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
    figure, (axes,) = _panels("Children trained from scratch", ["test error %"], points, 7.5)
    axes.set_xlabel("parameters (thousands)", color=INK)
    axes.xaxis.get_major_locator().set_params(integer=False)  # type: ignore[call-arg]
    for place, (label, seeds) in enumerate(points.items()):
        if seeds:
            x, y = [one / 1e3 for one, _ in seeds], [100 * one for _, one in seeds]
            marker = _MARKERS[place // len(_COLORS) % len(_MARKERS)]
            _draw_cluster(axes, label, x, y, _COLORS[place % len(_COLORS)], marker)
    _name_lines(axes)
    return figure


def _panels(
    title: str, names: Sequence[str], labels: Iterable[str], width: float, bottom: float = 0.5
) -> tuple["Figure", Sequence["Axes"]]:
    """Make a figure of panels, side by side, with a margin for labels; in inches."""
    from matplotlib.figure import Figure

    letters, _ = _size(labels)
    margin = 0.2 + (0.5 + 0.07 * letters if letters else 0)
    figure = Figure(figsize=(width, _HEIGHT))
    figure.text(0.15 / width, 1 - 0.12 / _HEIGHT, title, **TITLE)
    where: dict[str, Any] = {
        "left": 0.6 / width,
        "right": 1 - margin / width,
        "top": 1 - _TOP / _HEIGHT,
        "bottom": bottom / _HEIGHT,
        "wspace": 0.16,
    }
    panels = figure.subplots(1, len(names), squeeze=False, sharey=True, gridspec_kw=where)[0]
    for axes, name in zip(panels, names, strict=True):
        style_panel(axes, name)
    return figure, panels


def _draw_bands(
    axes: "Axes", runs: Mapping[str, Sequence[Rows]], epochs: Mapping[str, int], value: Any
) -> None:
    shares = len(set(epochs.values())) > 1
    axes.set_xlabel("share of the search" if shares else "epoch", color=INK)
    if shares:
        axes.xaxis.get_major_locator().set_params(integer=False)  # type: ignore[call-arg]
    styles = itertools.product(_DASHES, _COLORS)
    for (label, seeds), (dash, color) in zip(runs.items(), itertools.cycle(styles), strict=False):
        by_epoch = _by_epoch(seeds, value)
        if not by_epoch:
            continue
        x = [epoch / epochs[label] if shares else epoch for epoch in by_epoch]
        bands = list(by_epoch.values())
        axes.fill_between(
            x, list(map(min, bands)), list(map(max, bands)), color=color, alpha=0.18, lw=0
        )
        means = [statistics.mean(values) for values in bands]
        dot = "o" if len(x) <= 20 else None
        axes.plot(
            x,
            means,
            color=color,
            ls=dash,
            lw=1.8,
            marker=dot,
            ms=3.5,
            label=_wrap(label),
            gid=f"mean-{label}",
        )


def _by_epoch(seeds: Sequence[Rows], value: Any) -> dict[float, list[float]]:
    """Collect the finite values of the seeds at each epoch that any of them has."""
    found: dict[float, list[float]] = {}
    for row in itertools.chain.from_iterable(seeds):
        if math.isfinite(value(row)):
            found.setdefault(row["epoch"], []).append(value(row))
    return dict(sorted(found.items()))


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
    color, name = _COLORS[place % len(_COLORS)], ("parent", "child")[side]
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
    axes.plot(*center, marker, color=color, label=_wrap(label), gid=f"mean-{label}", **ring)
    axes.plot(x, y, marker, color=color, ms=4.5, mew=0, gid=f"seeds-{label}")


def _name_lines(axes: "Axes") -> None:
    """Name the lines at the right of a panel, in the order of their ends."""
    lines = [line for line in axes.lines if str(line.get_gid()).startswith("mean-")]
    if lines:
        ordered = sorted(lines, key=lambda line: -np.asarray(line.get_ydata())[-1])
        where: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}
        axes.legend(
            handles=ordered, fontsize=9, labelcolor=INK, frameon=False, handlelength=2, **where
        )


def _wrap(label: str) -> str:
    """Break a label at its settings."""
    return label.replace(":", ":\n").replace(", ", ",\n")


def _size(labels: Iterable[str]) -> tuple[int, int]:
    """Return the letters of the longest line, and the most lines, of labels."""
    wrapped = [_wrap(label).split("\n") for label in labels]
    letters = max((len(line) for lines in wrapped for line in lines), default=0)
    return letters, max(map(len, wrapped), default=1)
