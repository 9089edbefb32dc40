"""Curves of several runs: a line for each label, a band over its seeds."""

import itertools
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snas_tf.plots.charts import style_panel
from snas_tf.plots.picture import AMBER, BLUE, GREEN, INK, PURPLE, ROSE, SKY, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, float]]
"""The rows of a metrics.csv."""

COLORS = (BLUE, AMBER, ROSE, SKY, GREEN, PURPLE)
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1.2, 1.2)))
_HEIGHT, _TOP = 4.2, 0.62  # Inches of a picture, and above its panels.


def make_panels(
    title: str, names: Sequence[str], labels: Iterable[str], width: float, bottom: float = 0.5
) -> tuple["Figure", Sequence["Axes"]]:
    """Make a figure of panels, side by side, whose last one has its labels at its right.

    Args:
        title: title above the picture.
        names: the names of the panels.
        labels: what is named at the right.
        width: of the picture, in inches.
        bottom: the margin below the panels, in inches.
    """
    from matplotlib.figure import Figure

    letters, _ = measure_labels(labels)
    margin = 0.2 + (0.65 + 0.07 * letters if letters else 0)
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


def draw_bands(
    axes: "Axes", runs: Mapping[str, Sequence[Rows]], epochs: Mapping[str, int], value: Any
) -> None:
    """Draw the mean of each label's seeds, and a band from the lowest to the highest.

    Args:
        axes: where to draw.
        runs: for each label the rows of its seeds.
        epochs: length of each label's runs; where they differ, x is the share of the run.
        value: what is drawn, from a row.
    """
    shares = len(set(epochs.values())) > 1
    axes.set_xlabel("share of the search" if shares else "epoch", color=INK)
    if not shares and max(epochs.values()) < 2:
        axes.set_xticks([1])
    if shares:
        axes.xaxis.get_major_locator().set_params(integer=False)  # type: ignore[call-arg]
    styles = itertools.product(_DASHES, COLORS)
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
            label=wrap_label(label),
            gid=f"mean-{label}",
        )


def _by_epoch(seeds: Sequence[Rows], value: Any) -> dict[float, list[float]]:
    """Collect the finite values of the seeds at each epoch that any of them has."""
    found: dict[float, list[float]] = {}
    for row in itertools.chain.from_iterable(seeds):
        if math.isfinite(value(row)):
            found.setdefault(row["epoch"], []).append(value(row))
    return dict(sorted(found.items()))


def name_lines(axes: "Axes") -> None:
    """Name the lines at the right of a panel, in the order of their ends."""
    lines = [line for line in axes.lines if str(line.get_gid()).startswith(("mean-", "reference-"))]
    if lines:
        ordered = sorted(lines, key=lambda line: -np.asarray(line.get_ydata())[-1])
        where: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}
        axes.legend(
            handles=ordered, fontsize=9, labelcolor=INK, frameon=False, handlelength=3.2, **where
        )


def wrap_label(label: str) -> str:
    """Break a label at its settings."""
    return label.replace(":", ":\n").replace(", ", ",\n")


def measure_labels(labels: Iterable[str]) -> tuple[int, int]:
    """Return the letters of the longest line, and the most lines, of labels."""
    wrapped = [wrap_label(label).split("\n") for label in labels]
    letters = max((len(line) for lines in wrapped for line in lines), default=0)
    return letters, max(map(len, wrapped), default=1)
