"""Charts: probabilities of the operations as a heat map, a run as curves."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS
from snas_tf.plots.picture import AMBER, BLUE, INK, MUTED, PALE, ROSE, SKY, TITLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_alpha(probabilities: np.ndarray, title: str, space: SearchSpace = DARTS) -> "Figure":
    """Draw the probabilities of each edge's operations as a heat map.

    Args:
        probabilities: softmax(log alpha), [edges, operations].
        title: title above the picture.
        space: search space of these edges and operations.
    """
    return _draw_heat_map(probabilities, title, space, "Blues", (0, 1))


def draw_credit(credit: np.ndarray, title: str, space: SearchSpace = DARTS) -> "Figure":
    """Draw the mean credit of each edge's operations (Eq. 8) as a heat map.

    Args:
        credit: mean of -dL/dZ [edges, operations]; above 0 where more of the operation lowers the
            loss, NaN where it never ran.
        title: title above the picture.
        space: search space of these edges and operations.
    """
    largest = float(np.nanmax(np.abs(credit), initial=0)) or 1.0
    return _draw_heat_map(credit, title, space, "RdBu", (-largest, largest))


def _draw_heat_map(
    values: np.ndarray,
    title: str,
    space: SearchSpace,
    colors: str,
    limits: tuple[float, float],
) -> "Figure":
    """Draw a value for each edge and operation, and mark the largest of each edge.

    Values that are NaN are left out.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    rows, columns = values.shape
    height = max(2.0, 0.9 + 0.39 * rows)  # inches, of which the title and the labels take 0.7
    figure = Figure(figsize=(max(7, 0.87 * columns), height))
    figure.text(0.03, 1 - 0.16 / height, title, **TITLE)
    axes = figure.add_axes((0.075, 0.16 / height, 0.77, 1 - 0.86 / height))
    lowest, highest = limits
    image = axes.imshow(values, cmap=colors, vmin=lowest, vmax=highest, aspect="auto")
    best = np.argmax(np.nan_to_num(values, nan=-np.inf), axis=1)
    digits = max(2, 1 - math.floor(math.log10(highest)))
    form = f".{digits}f" if digits < 6 else ".0e"
    for (row, column), value in np.ndenumerate(values):
        if math.isnan(value):
            continue
        dark = value > 0.55 * highest or value < 0.7 * lowest
        style: dict[str, Any] = {"color": "white" if dark else INK, "ha": "center", "va": "center"}
        if column == best[row]:
            style |= {"weight": "bold", "gid": f"best-{row}-{column}"}
            corner = (column - 0.45, row - 0.38)
            axes.add_patch(Rectangle(corner, 0.9, 0.76, fill=False, lw=2.2, ec=AMBER))
        axes.text(column, row, f"{value:{form}}", size=9, **style)
    # A white rule where the edges into the next node start.
    starts = [row - 0.5 for row, (source, _) in enumerate(space.edges) if source == 0]
    axes.hlines(starts, -0.5, len(space.operations) - 0.5, color="white", lw=4)
    between = " " if columns <= 8 else "\n"  # Many labels side by side take two lines each.
    labels = [operation.label.replace(" ", between, 1) for operation in space.candidates]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(space.edges)), [f"{i}\u2192{j}" for i, j in space.edges])
    axes.tick_params(length=0, labelcolor=INK, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, cax=figure.add_axes((0.87, 0.25, 0.025, 0.5)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=PALE, labelcolor=INK)
    return figure


def draw_curves(
    rows: Sequence[Mapping[str, float]], title: str, space: SearchSpace = DARTS
) -> "Figure":
    """Draw accuracy, entropy and temperature of a search by epoch.

    Args:
        rows: the rows of metrics.csv; a value that is absent or empty leaves no point.
        title: title above the picture.
        space: that was searched.
    """
    widths = {"accuracy": 5, "entropy (nats)": 5}
    if any(row.get("temperature") not in (None, "") for row in rows):
        widths["temperature"] = 3
    figure, panels = _panels(title, widths)
    limit = math.log(len(space.operations))
    panels[1].axhline(limit, color=MUTED, ls=":", lw=1.4, gid="uniform")
    # No entropy exceeds the limit, so its label above the line covers no curve.
    corner = panels[1].get_yaxis_transform()
    name = panels[1].text(
        0.99, 1.015 * limit, f"uniform: ln {len(space.operations)}", transform=corner, color=INK
    )
    name.set(size=9, ha="right")
    panels[1].set_ylim(0, 1.15 * limit)
    _draw_curve(panels[0], rows, "accuracy", "training", BLUE)
    _draw_curve(panels[0], rows, "valid_accuracy", "validation", AMBER)
    for kind, color in zip(space.kinds, (BLUE, AMBER, SKY, ROSE), strict=False):
        _draw_curve(panels[1], rows, f"entropy_{kind}", kind, color)
    for axes in panels[2:]:
        _draw_curve(axes, rows, "temperature", "temperature", ROSE)
    _add_legends(panels[:2])
    return figure


def draw_training_curves(rows: Sequence[Mapping[str, float]], title: str) -> "Figure":
    """Draw accuracy and cross entropy of a child's training by epoch.

    Args:
        rows: the rows of metrics.csv; a value that is absent or not a number leaves no point.
        title: title above the picture.
    """
    figure, panels = _panels(title, {"accuracy": 1, "cross entropy (nats)": 1})
    for axes, column in zip(panels, ("accuracy", "cross_entropy"), strict=True):
        _draw_curve(axes, rows, column, "training", BLUE)
        _draw_curve(axes, rows, f"valid_{column}", "validation", AMBER)
    _add_legends(panels)
    return figure


def _panels(title: str, widths: Mapping[str, int]) -> tuple["Figure", Sequence["Axes"]]:
    """Make a figure with a panel for each name, side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.6))
    figure.text(0.018, 0.97, title, **TITLE)
    where: dict[str, Any] = {
        "left": 0.045,
        "right": 0.985,
        "top": 0.8,
        "bottom": 0.135,
        "wspace": 0.16,
    }
    panels = figure.subplots(1, len(widths), width_ratios=list(widths.values()), gridspec_kw=where)
    for axes, name in zip(panels, widths, strict=True):
        style_panel(axes, name)
    return figure, panels


def _add_legends(panels: Sequence["Axes"]) -> None:
    above: dict[str, Any] = {
        "loc": "lower right",
        "bbox_to_anchor": (1.02, 0.99),
        "ncols": 2,
        "frameon": False,
    }
    for axes in panels:
        named = [line for line in axes.lines if line.get_gid() != "uniform"]
        if named:
            axes.legend(handles=named, fontsize=9, labelcolor=INK, handlelength=1.4, **above)


def style_panel(axes: "Axes", name: str) -> None:
    """Give a panel its name, and the look of all charts."""
    axes.set_title(name, size=10.5, color=INK, loc="left")
    axes.set_xlabel("epoch", color=INK)
    axes.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
    axes.grid(axis="y", color="#e6eaee", lw=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.tick_params(color=PALE, labelcolor=INK, labelsize=9)


def _draw_curve(axes: "Axes", rows: Sequence[Mapping], column: str, name: str, color: str) -> None:
    kept = [row for row in rows if row.get(column) not in (None, "")]
    if not kept:
        return
    x, y = ([float(row[key]) for row in kept] for key in ("epoch", column))
    # A lone point has no line: dots keep short runs visible.
    dot = "o" if len(kept) <= 20 else None
    axes.plot(x, y, color=color, lw=1.8, marker=dot, ms=3.5, label=name, gid=f"curve-{column}")
