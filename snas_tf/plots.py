"""The pictures of a search: a cell's graph, the probabilities of its operations, a run's curves.

Every picture is a Figure of its own, pyplot is left alone. matplotlib takes a second to import, so
the functions that draw import it.
"""

import dataclasses
import io
import itertools
import math
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from snas_tf.architecture import space
from snas_tf.architecture.genotype import Cell, Edge

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Apart in lightness too, so that every kind of colour vision tells them from each other.
_BLUE, _SKY, _AMBER, _ROSE = "#004488", "#56b4e9", "#ddaa33", "#bb5566"
_INK, _MUTED, _PALE = "#1f2933", "#7b8794", "#b8c0c9"
_POOLING, _OTHER = ("pooling", _ROSE), ("other", _INK)
_FAMILIES = {"skip": ("skip", _SKY), "sep": ("separable", _BLUE), "dil": ("dilated", _AMBER)}
_FAMILIES |= {"max": _POOLING, "avg": _POOLING}
_UNSAID = ("connect", "pool", "conv")
_TITLE = {"size": 13, "weight": "bold", "color": _INK, "ha": "left", "va": "top"}
# Inches, which are also the data units of a cell's picture.
_MARGIN, _HALF_BOX, _PORT, _LANE, _CONCAT_LANE, _RADIUS = 0.2, 0.23, 0.13, 0.32, 0.13, 0.17


def _family(operation: str) -> tuple[str, str]:
    return _FAMILIES.get(operation.split("_")[0], _OTHER)


def _label(operation: str) -> str:
    family, *words = operation.split("_")
    return " ".join([family, *(word for word in words if word not in _UNSAID)])


@dataclasses.dataclass(frozen=True)
class _Layout:
    """Where a cell's parts go: nodes in a row, edges in lanes above it, the concat below it.

    An edge leaves the top of its source, runs along a lane and comes down on its target. Edges
    that pass one gap between nodes never share a lane there, and a label sits in the last gap of
    its edge: so no line meets a label or a box, and lines only ever cross at right angles.
    """

    columns: tuple[float, ...]  # Centre of each node, then of the output.
    lanes: tuple[int, ...]  # Of each edge, 0 for the lowest.
    ports: Mapping[tuple[int, str], float]  # x by (index of an edge, "out" or "in").
    box_width: float
    label_gap: float


def _lay_out(cell: Cell) -> _Layout:
    nodes = range(max(*space.INTERMEDIATE_NODES, *cell.concat, *(e.target for e in cell.edges)) + 1)
    lanes = _assign_lanes(cell.edges)
    ends = [_order_ends(cell.edges, lanes, node) for node in nodes]
    width = max(0.7, _PORT * (1 + max(len(cell.concat), *map(len, ends))))
    gap = max(0.95, 0.4 + 0.085 * max((len(_label(e.operation)) for e in cell.edges), default=0))
    # No label ever lies between the two inputs or next to the output.
    gaps = [0.36] + [gap] * (len(nodes) - 2) + [0.36]
    columns = [*itertools.accumulate((width + x for x in gaps), initial=_MARGIN + width / 2)]
    ports = {
        end: columns[node] + offset
        for node in nodes
        for end, offset in zip(ends[node], _spread(len(ends[node])), strict=True)
    }
    return _Layout(tuple(columns), lanes, ports, width, gap)


def _assign_lanes(edges: Sequence[Edge]) -> tuple[int, ...]:
    """Short edges first, each on the lowest lane that is free along its whole length."""
    taken: list[set[int]] = [set() for _ in edges]
    lanes = [0] * len(edges)
    for index in sorted(range(len(edges)), key=lambda i: edges[i].target - edges[i].source):
        gaps = set(range(edges[index].source, edges[index].target))
        lanes[index] = next(lane for lane, used in enumerate(taken) if not used & gaps)
        taken[lanes[index]] |= gaps
    return tuple(lanes)


def _order_ends(edges: Sequence[Edge], lanes: Sequence[int], node: int) -> list[tuple[int, str]]:
    """The ends on a node's top, left to right: outer edges in the middle, so that none cross."""
    by_lane = sorted(range(len(edges)), key=lambda index: lanes[index])
    ins = [(index, "in") for index in by_lane if edges[index].target == node]
    return ins + [(index, "out") for index in reversed(by_lane) if edges[index].source == node]


def _spread(count: int) -> list[float]:
    return [_PORT * (i - (count - 1) / 2) for i in range(count)]


def _live_nodes(cell: Cell) -> set[int]:
    """The nodes that a path of edges reaches from the cell's inputs, the two inputs included."""
    live = set(range(space.NUM_INPUTS))
    for edge in sorted(cell.edges, key=lambda edge: edge.target):
        live |= {edge.target} if edge.source in live else set()
    return live


def draw_cell(cell: Cell, title: str) -> "Figure":
    """A cell as a graph from left to right: its two inputs, its nodes and their concatenation.

    Nodes that no path reaches from the inputs are pale and dashed, and so is what leaves them.
    The parts of an SVG have the ids node-N, edge-INDEX-SOURCE-TARGET, label-INDEX and concat-N,
    which end in "-dead" on the pale ones.
    """
    from matplotlib.figure import Figure

    layout, live = _lay_out(cell), _live_nodes(cell)
    output = len(layout.columns) - 1
    width = layout.columns[-1] + layout.box_width / 2 + _MARGIN
    top = _HALF_BOX + _LANE * (max(layout.lanes, default=-1) + 1) + 0.6
    bottom = -_HALF_BOX - _CONCAT_LANE * len(cell.concat) - 0.6
    figure = Figure(figsize=(width, top - bottom))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(bottom, top))
    axes.set_axis_off()
    axes.text(_MARGIN, top - 0.14, title, **_TITLE)
    for index, edge in enumerate(cell.edges):
        _draw_edge(axes, layout, index, edge, edge.source not in live)
    offsets = _spread(len(cell.concat))
    for rank, node in enumerate(sorted(cell.concat, reverse=True), start=1):
        ends = (layout.columns[node], layout.columns[output] + offsets[rank - 1])
        lane = -_HALF_BOX - 0.1 - _CONCAT_LANE * rank
        _draw_arrow(axes, ends, lane, (_MUTED, 1.1), f"concat-{node}", node not in live)
    for node in range(output + 1):
        _draw_box(axes, layout, node, dead=node not in {*live, output})
    _draw_legend(axes, cell, bottom, any_dead=len(live) < output)
    return figure


def _draw_edge(axes: "Axes", layout: _Layout, index: int, edge: Edge, dead: bool) -> None:
    lane = _HALF_BOX + _LANE * (layout.lanes[index] + 1)
    ends = (layout.ports[index, "out"], layout.ports[index, "in"])
    colour = _family(edge.operation)[1]
    name = f"edge-{index}-{edge.source}-{edge.target}"
    _draw_arrow(axes, ends, lane, (colour, 1.7), name, dead)
    middle = layout.columns[edge.target] - (layout.box_width + layout.label_gap) / 2
    box = {"boxstyle": "round,pad=0.25,rounding_size=0.5", "fc": "white", "lw": 1.2}
    box["ec"] = _PALE if dead else colour
    style = {"size": 9, "ha": "center", "va": "center", "color": _MUTED if dead else _INK}
    gid = f"label-{index}" + "-dead" * dead
    axes.text(middle, lane, _label(edge.operation), bbox=box, zorder=4, gid=gid, **style)


def _draw_arrow(
    axes: "Axes", ends: tuple, lane: float, style: tuple[str, float], name: str, dead: bool
) -> None:
    """An arrow from box to box along a lane, above them or below, its corners rounded."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    start, end = ends
    box, turn = math.copysign(_HALF_BOX, lane), lane - math.copysign(_RADIUS, lane)
    points = [(start, box), (start, turn), (start, lane), (start + _RADIUS, lane)]
    points += [(end - _RADIUS, lane), (end, lane), (end, turn), (end, box)]
    path = Path(points, [Path.MOVETO] + 2 * [Path.LINETO, Path.CURVE3, Path.CURVE3] + [Path.LINETO])
    arrow = FancyArrowPatch(
        path=path, arrowstyle="-|>", mutation_scale=9, gid=name + "-dead" * dead
    )
    arrow.set(color=style[0], lw=style[1], ls="--" if dead else "-", alpha=0.5 if dead else 1)
    axes.add_patch(arrow)


def _draw_box(axes: "Axes", layout: _Layout, node: int, dead: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, width, outer = layout.columns[node], layout.box_width, {0: "cell k-2", 1: "cell k-1"}
    outer[len(layout.columns) - 1] = "concat"
    box = FancyBboxPatch((x - width / 2, -_HALF_BOX), width, 2 * _HALF_BOX, zorder=3, lw=1.2)
    box.set_boxstyle("round", pad=0, rounding_size=0.09)
    box.set(gid=f"node-{node}" + "-dead" * dead, ls="--" if dead else "-")
    box.set(ec=_PALE if dead else _INK, fc="#e8edf2" if node in outer else "#fff3d6")
    if dead:
        box.set_facecolor("white")
    axes.add_patch(box)
    style = {"size": 9.5 if node in outer else 12, "color": _MUTED if dead else _INK, "zorder": 4}
    axes.text(x, 0, outer.get(node, str(node)), ha="center", va="center_baseline", **style)


def _draw_legend(axes: "Axes", cell: Cell, bottom: float, any_dead: bool) -> None:
    from matplotlib.lines import Line2D

    families = sorted({_family(edge.operation) for edge in cell.edges})
    lines = [Line2D([], [], color=colour, lw=2.2, label=name) for name, colour in families]
    lines.append(Line2D([], [], color=_MUTED, lw=1.1, label="concat"))
    if any_dead:
        lines.append(Line2D([], [], color=_PALE, lw=1.2, ls="--", label="dead (no live input)"))
    where = {"loc": "lower left", "bbox_to_anchor": (_MARGIN, bottom + 0.08), "borderaxespad": 0}
    where |= {"bbox_transform": axes.transData, "ncols": len(lines), "borderpad": 0}
    axes.legend(
        handles=lines, frameon=False, fontsize=9, labelcolor=_INK, handlelength=1.6, **where
    )


def draw_alpha(probabilities: np.ndarray, title: str) -> "Figure":
    """The probabilities of each edge's operations as a heat map, the most probable one framed.

    Args:
        probabilities: softmax(log alpha), [edges = 14, operations = 8].
        title: what stands above the picture.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(7, 6.4))
    figure.text(0.03, 0.975, title, **_TITLE)
    axes = figure.add_axes((0.075, 0.025, 0.79, 0.865))
    image = axes.imshow(probabilities, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    best = np.argmax(probabilities, axis=1)
    for (row, column), value in np.ndenumerate(probabilities):
        style = {"color": "white" if value > 0.55 else _INK, "ha": "center", "va": "center"}
        if column == best[row]:
            style |= {"weight": "bold", "gid": f"best-{row}-{column}"}
            corner = (column - 0.45, row - 0.38)
            axes.add_patch(Rectangle(corner, 0.9, 0.76, fill=False, lw=2.2, ec=_AMBER))
        axes.text(column, row, f"{value:.2f}", size=9, **style)
    # A white rule where the edges into the next node start.
    starts = [row - 0.5 for row, (source, _) in enumerate(space.EDGES) if source == 0]
    axes.hlines(starts, -0.5, len(space.OPERATIONS) - 0.5, color="white", lw=4)
    axes.set_xticks(range(len(space.OPERATIONS)), [_label(name) for name in space.OPERATIONS])
    axes.set_yticks(range(len(space.EDGES)), [f"{i}\u2192{j}" for i, j in space.EDGES])
    axes.tick_params(length=0, labelcolor=_INK, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, cax=figure.add_axes((0.895, 0.25, 0.025, 0.5)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=_PALE, labelcolor=_INK)
    return figure


def draw_curves(rows: Sequence[Mapping[str, float]], title: str) -> "Figure":
    """The accuracy, the entropy of the distribution and the temperature of a run, by epoch.

    Args:
        rows: the rows of metrics.csv; a value that is absent or empty leaves no point.
        title: what stands above the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.6))
    figure.text(0.018, 0.97, title, **_TITLE)
    where = {"left": 0.045, "right": 0.985, "top": 0.8, "bottom": 0.135, "wspace": 0.16}
    panels = figure.subplots(1, 3, width_ratios=(5, 5, 3), gridspec_kw=where)
    names = ("accuracy", "entropy (nats)", "temperature")
    for axes, name in zip(panels, names, strict=True):
        _style_panel(axes, name)
    limit = math.log(len(space.OPERATIONS))
    panels[1].axhline(limit, color=_MUTED, ls=":", lw=1.4, gid="uniform")
    # No entropy exceeds the limit, so that its name above the line meets no curve.
    corner = panels[1].get_yaxis_transform()
    name = panels[1].text(0.99, 1.015 * limit, "uniform: ln 8", transform=corner, color=_INK)
    name.set(size=9, ha="right")
    panels[1].set_ylim(0, 1.15 * limit)
    _draw_curve(panels[0], rows, "accuracy", "training", _BLUE)
    _draw_curve(panels[0], rows, "valid_accuracy", "validation", _AMBER)
    _draw_curve(panels[1], rows, "entropy_normal", "normal", _BLUE)
    _draw_curve(panels[1], rows, "entropy_reduce", "reduce", _AMBER)
    _draw_curve(panels[2], rows, "temperature", "temperature", _ROSE)
    above = {"loc": "lower right", "bbox_to_anchor": (1.02, 0.99), "ncols": 2, "frameon": False}
    for axes in panels[:2]:
        named = [line for line in axes.lines if line.get_gid() != "uniform"]
        axes.legend(handles=named, fontsize=9, labelcolor=_INK, handlelength=1.4, **above)
    return figure


def _style_panel(axes: "Axes", name: str) -> None:
    axes.set_title(name, size=10.5, color=_INK, loc="left")
    axes.set_xlabel("epoch", color=_INK)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(axis="y", color="#e6eaee", lw=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_PALE)
    axes.tick_params(color=_PALE, labelcolor=_INK, labelsize=9)


def _draw_curve(axes: "Axes", rows: Sequence[Mapping], column: str, name: str, colour: str) -> None:
    kept = [row for row in rows if row.get(column) not in (None, "")]
    if not kept:
        return
    x, y = ([float(row[key]) for row in kept] for key in ("epoch", column))
    # A lone point has no line: dots keep short runs visible.
    dot = "o" if len(kept) <= 20 else None
    axes.plot(x, y, color=colour, lw=1.8, marker=dot, ms=3.5, label=name, gid=f"curve-{column}")


def to_png_bytes(figure: "Figure") -> bytes:
    """The picture as a PNG file's bytes, the same for the same picture."""
    return _render(figure, "png")


def save(figure: "Figure", path: str | pathlib.Path) -> None:
    """Writes the picture as PNG or SVG, by the path's suffix: the whole file, or nothing.

    The same picture gives the same bytes.

    Raises:
        ValueError: another suffix.
    """
    path = pathlib.Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise ValueError(f"a picture is .png or .svg, received: {path.name}")
    content = _render(figure, kind)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _render(figure: "Figure", kind: str) -> bytes:
    import matplotlib

    buffer = io.BytesIO()
    metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
    # Without a salt an SVG's ids are random. Its text stays text, which a reader can search.
    with matplotlib.rc_context({"svg.hashsalt": "snas_tf", "svg.fonttype": "none"}):
        figure.savefig(buffer, format=kind, dpi=150, facecolor="white", metadata=metadata)
    return buffer.getvalue()
