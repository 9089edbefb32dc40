"""A cell as a graph."""

import dataclasses
import itertools
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.operations import OperationSpec
from snas_tf.plots.picture import AMBER, BLUE, INK, MUTED, PALE, ROSE, SKY, TITLE, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = {"skip": SKY, "separable": BLUE, "dense": BLUE, "dilated": AMBER, "pooling": ROSE}
"""By family of operations; INK for the others."""
# Inches, which are also the data units of the picture.
_MARGIN, _HALF_BOX, _PORT, _LANE, _CONCAT_LANE, _RADIUS = 0.2, 0.23, 0.13, 0.32, 0.13, 0.17


def _color(operation: OperationSpec) -> str:
    return _COLORS.get(operation.family, INK)


def _operations(cell: CellGenotype) -> list[OperationSpec]:
    """The operation of each edge."""
    return [cell.space.operation(edge.operation) for edge in cell.edges]


@dataclasses.dataclass(frozen=True)
class _Layout:
    """Layout of a cell: nodes in a row, edges in lanes above, the concatenation below.

    An edge starts at the top of its source, follows a lane and ends at the top of its target. Edges
    that pass one gap between nodes never share a lane there, and a label sits in the last gap of
    its edge: so no line crosses a label or a box, and lines cross at right angles only.
    """

    columns: tuple[float, ...]  # Center of each node, then of the output.
    lanes: tuple[int, ...]  # Of each edge, 0 for the lowest.
    ports: Mapping[tuple[int, str], float]  # x by (index of an edge, "out" or "in").
    box_width: float
    label_gap: float


def _lay_out(cell: CellGenotype) -> _Layout:
    nodes = range(max(*cell.nodes, *cell.concat) + 1)
    lanes = _assign_lanes(cell.edges)
    ends = [_order_ends(cell.edges, lanes, node) for node in nodes]
    width = max(0.7, _PORT * (1 + max(len(cell.concat), *map(len, ends))))
    longest = max((len(operation.label) for operation in _operations(cell)), default=0)
    gap, inputs = max(0.95, 0.4 + 0.085 * longest), cell.space.num_inputs
    # No label ever lies between inputs or next to the output.
    gaps = [0.36] * (inputs - 1) + [gap] * (len(nodes) - inputs) + [0.36]
    columns = [*itertools.accumulate((width + x for x in gaps), initial=_MARGIN + width / 2)]
    ports = {
        end: columns[node] + offset
        for node in nodes
        for end, offset in zip(ends[node], _spread(len(ends[node])), strict=True)
    }
    return _Layout(tuple(columns), lanes, ports, width, gap)


def _assign_lanes(edges: Sequence[Edge]) -> tuple[int, ...]:
    """Assign edges to lanes: short edges first, each to the lowest free lane."""
    taken: list[set[int]] = [set() for _ in edges]
    lanes = [0] * len(edges)
    for index in sorted(range(len(edges)), key=lambda i: edges[i].target - edges[i].source):
        gaps = set(range(edges[index].source, edges[index].target))
        lanes[index] = next(lane for lane, used in enumerate(taken) if not used & gaps)
        taken[lanes[index]] |= gaps
    return tuple(lanes)


def _order_ends(edges: Sequence[Edge], lanes: Sequence[int], node: int) -> list[tuple[int, str]]:
    """Order the ends on a node's top so that no edges cross."""
    by_lane = sorted(range(len(edges)), key=lambda index: lanes[index])
    ins = [(index, "in") for index in by_lane if edges[index].target == node]
    return ins + [(index, "out") for index in reversed(by_lane) if edges[index].source == node]


def _spread(count: int) -> list[float]:
    return [_PORT * (i - (count - 1) / 2) for i in range(count)]


def _live_nodes(cell: CellGenotype) -> set[int]:
    """The nodes that a path of edges reaches from the cell's inputs, these included."""
    live = set(range(cell.space.num_inputs))
    for edge in sorted(cell.edges, key=lambda edge: edge.target):
        live |= {edge.target} if edge.source in live else set()
    return live


def draw_cell(cell: CellGenotype, title: str) -> "Figure":
    """Draw a cell as a graph from left to right: inputs, nodes and their concatenation.

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
    axes.text(_MARGIN, top - 0.14, title, **TITLE)
    for index, edge in enumerate(cell.edges):
        _draw_edge(axes, layout, cell, index, edge.source not in live)
    offsets = _spread(len(cell.concat))
    inputs = cell.space.num_inputs
    names = {node: f"cell k-{inputs - node}" for node in range(inputs)}
    names[output] = "concat" if len(cell.concat) > 1 else "output"
    for rank, node in enumerate(sorted(cell.concat, reverse=True), start=1):
        ends = (layout.columns[node], layout.columns[output] + offsets[rank - 1])
        lane = -_HALF_BOX - 0.1 - _CONCAT_LANE * rank
        _draw_arrow(axes, ends, lane, (MUTED, 1.1), f"concat-{node}", node not in live)
    for node in range(output + 1):
        _draw_box(axes, layout, node, names.get(node), dead=node not in {*live, output})
    _draw_legend(axes, cell, bottom, any_dead=len(live) < output)
    return figure


def plot_cell(
    cell: CellGenotype, to_file: str | pathlib.Path | None = None, title: str = "cell"
) -> "Figure":
    """Draw a cell as a graph, and write it to a .png or .svg file if one is named.

    Args:
        cell: such as `genotype.cell("normal")`.
        to_file: path of the picture.
        title: above the picture.

    Returns:
        A figure of matplotlib that pyplot does not know.

    Raises:
        ValueError: a file with another suffix.
    """
    figure = draw_cell(cell, title)
    if to_file is not None:
        save(figure, to_file)
    return figure


def save_cells(genotype: Genotype, directory: pathlib.Path) -> None:
    """Draw the cell of each kind into KIND.png and KIND.svg."""
    for kind in genotype.space.kinds:
        figure = draw_cell(genotype.cell(kind), f"{kind} cell")
        for suffix in ("png", "svg"):
            save(figure, directory / f"{kind}.{suffix}")


def _draw_edge(axes: "Axes", layout: _Layout, cell: CellGenotype, index: int, dead: bool) -> None:
    edge = cell.edges[index]
    lane = _HALF_BOX + _LANE * (layout.lanes[index] + 1)
    ends = (layout.ports[index, "out"], layout.ports[index, "in"])
    operation = cell.space.operation(edge.operation)
    color = _color(operation)
    name = f"edge-{index}-{edge.source}-{edge.target}"
    _draw_arrow(axes, ends, lane, (color, 1.7), name, dead)
    middle = layout.columns[edge.target] - (layout.box_width + layout.label_gap) / 2
    box: dict[str, Any] = {"boxstyle": "round,pad=0.25,rounding_size=0.5", "fc": "white", "lw": 1.2}
    box["ec"] = PALE if dead else color
    style: dict[str, Any] = {
        "size": 9,
        "ha": "center",
        "va": "center",
        "color": MUTED if dead else INK,
    }
    gid = f"label-{index}" + "-dead" * dead
    axes.text(middle, lane, operation.label, bbox=box, zorder=4, gid=gid, **style)


def _draw_arrow(
    axes: "Axes", ends: tuple, lane: float, style: tuple[str, float], name: str, dead: bool
) -> None:
    """Draw an arrow between boxes along a lane, with rounded corners."""
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


def _draw_box(axes: "Axes", layout: _Layout, node: int, name: str | None, dead: bool) -> None:
    """Draw a node; one with a name lies outside the cell."""
    from matplotlib.patches import FancyBboxPatch

    x, width = layout.columns[node], layout.box_width
    box = FancyBboxPatch((x - width / 2, -_HALF_BOX), width, 2 * _HALF_BOX, zorder=3, lw=1.2)
    box.set_boxstyle("round", pad=0, rounding_size=0.09)
    box.set(gid=f"node-{node}" + "-dead" * dead, ls="--" if dead else "-")
    box.set(ec=PALE if dead else INK, fc="#e8edf2" if name else "#fff3d6")
    if dead:
        box.set_facecolor("white")
    axes.add_patch(box)
    style: dict[str, Any] = {
        "size": 9.5 if name else 12,
        "color": MUTED if dead else INK,
        "zorder": 4,
    }
    axes.text(x, 0, name or str(node), ha="center", va="center_baseline", **style)


def _draw_legend(axes: "Axes", cell: CellGenotype, bottom: float, any_dead: bool) -> None:
    from matplotlib.lines import Line2D

    colors = {operation.family: _color(operation) for operation in _operations(cell)}
    lines = [Line2D([], [], color=colors[name], lw=2.2, label=name) for name in sorted(colors)]
    if len(cell.concat) > 1:
        lines.append(Line2D([], [], color=MUTED, lw=1.1, label="concat"))
    if any_dead:
        lines.append(Line2D([], [], color=PALE, lw=1.2, ls="--", label="dead (no live input)"))
    where: dict[str, Any] = {
        "loc": "lower left",
        "bbox_to_anchor": (_MARGIN, bottom + 0.08),
        "borderaxespad": 0,
    }
    where |= {"bbox_transform": axes.transData, "ncols": len(lines), "borderpad": 0}
    axes.legend(handles=lines, frameon=False, fontsize=9, labelcolor=INK, handlelength=1.6, **where)
