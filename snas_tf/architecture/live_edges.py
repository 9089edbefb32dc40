"""What of a child can change with the image, and changes its output."""

import collections
from collections.abc import Iterable, Sequence

from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype


def live_edges(cell: CellGenotype) -> list[Edge]:
    """List the edges of a cell on some path from an input to the output."""
    reached = set(range(cell.space.num_inputs))
    for node in cell.nodes:
        if any(edge.target == node and edge.source in reached for edge in cell.edges):
            reached.add(node)
    needed = set(cell.concat)
    for node in reversed(cell.nodes):
        if node in needed:
            needed |= {edge.source for edge in cell.edges if edge.target == node}
    return [edge for edge in cell.edges if edge.source in reached and edge.target in needed]


def count_sums(edges: Iterable[Edge]) -> int:
    """Count the nodes that two edges or more enter."""
    entering = collections.Counter(edge.target for edge in edges)
    return sum(count > 1 for count in entering.values())


def used_inputs(cell: CellGenotype) -> set[int]:
    """Return the inputs of a cell that its output depends on."""
    return {edge.source for edge in live_edges(cell)} & set(range(cell.space.num_inputs))


def needed_cells(genotype: Genotype, plans: Sequence[CellPlan]) -> list[CellPlan]:
    """List the cells that the output of the last one depends on, this one included."""
    needed = {len(plans) - 1}
    for plan in reversed(plans):
        if plan.index in needed:
            inputs = used_inputs(genotype.cell(plan.kind))
            needed |= {plan.index - plan.num_inputs + position for position in inputs}
    return [plan for plan in plans if plan.index in needed]
