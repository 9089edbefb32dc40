"""Picture of the regret of searches in a tabular benchmark."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snas_tf.plots.picture import INK, MUTED
from snas_tf.plots.seed_curves import Rows, draw_bands, make_panels, name_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = (":", "-.")
_LINEAR = 1.0  # Points below which the axis is linear, so that it reaches 0.


def draw_regret(
    runs: Mapping[str, Sequence[Rows]],
    epochs: Mapping[str, int],
    references: Mapping[str, Mapping[str, float]],
) -> "Figure":
    """Draw the regret of the derived cell over the search: mean, and band over the seeds.

    Args:
        runs: for each label the rows of its seeds, with a regret in points for each column.
        epochs: length of each label's searches; where they differ, x is the share of the search.
        references: what the curves are compared with: its name, and its regret in each column.
            Its columns are the panels.
    """
    columns = list(next(iter(references.values())))
    width = 3.4 * len(columns) + 3
    title = "Regret of the derived cell, in points of accuracy"
    figure, panels = make_panels(title, columns, [*runs, *references], width)
    for axes, column in zip(panels, columns, strict=True):
        draw_bands(axes, runs, epochs, lambda row, column=column: row[column])
        for (name, regrets), dash in zip(references.items(), _DASHES, strict=False):
            line = axes.axhline(regrets[column], color=MUTED, ls=dash, lw=1.4, label=name)
            line.set_gid(f"reference-{name}")
    _scale(panels)
    name_lines(panels[-1])
    return figure


def _scale(panels: Sequence["Axes"]) -> None:
    """Set the axis that the panels share: from 0, and logarithmic above one point."""
    highest = 1.3 * max(_LINEAR, *(axes.dataLim.y1 for axes in panels))
    ticks: Any = [tick for tick in (0, 1, 2, 5, 10, 20, 50, 100) if tick <= highest]
    for axes in panels:
        axes.set_yscale("symlog", linthresh=_LINEAR, linscale=0.5)
        axes.set_ylim(0, highest)
        axes.set_yticks(ticks, map(str, ticks), color=INK)
        axes.minorticks_off()
