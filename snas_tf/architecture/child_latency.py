"""The latency of a child, as the sum of the latencies of its parts."""

import collections
import dataclasses

import numpy as np

from snas_tf.architecture import network_parts
from snas_tf.architecture.child_size import ChildSize
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.latency_table import LatencyTable
from snas_tf.architecture.live_edges import count_sums, live_edges, needed_cells, used_inputs
from snas_tf.architecture.network_parts import Part
from snas_tf.architecture.operations import ZERO
from snas_tf.architecture.search_space import NetworkPlan, SearchSpace
from snas_tf.errors import UserError, shorten_path


@dataclasses.dataclass(frozen=True)
class ChildParts:
    """What the latency of a child network is the sum of.

    Attributes:
        counts: how often it has each part.
        sums: how many nodes sum two edges or more.
    """

    counts: dict[Part, int]
    sums: int

    def latency(self, table: LatencyTable) -> float:
        """Return the sum of the milliseconds, that of a call included.

        Raises:
            UserError: the table lacks a part.
        """
        parts = sum(count * table.latency(part) for part, count in self.counts.items())
        return table.call + self.sums * table.node + parts


def child_parts(genotype: Genotype, network_plan: NetworkPlan, num_classes: int) -> ChildParts:
    """List the parts of the child network of a genotype, folded.

    What does not change its output is not among them: as in `models.folded.FoldedChild`.

    Args:
        genotype: the cells.
        network_plan: from `SearchSpace.plan_network` with the genotype's `output_nodes`.
        num_classes: classes of the images.
    """
    parts, sums = network_parts.end_parts(network_plan, num_classes), 0
    for plan in needed_cells(genotype, network_plan):
        cell = genotype.cell(plan.kind)
        edges = live_edges(cell)
        sums += count_sums(edges)
        parts += network_parts.cell_parts(plan, used_inputs(cell))
        for edge in edges:
            operation = genotype.space.operation(edge.operation)
            part = network_parts.edge_part(operation, plan, edge.source)
            parts += [part] if part is not None else []
    return ChildParts(dict(collections.Counter(parts)), sums)


def predict(table: LatencyTable, genotype: Genotype) -> float:
    """Predict the milliseconds of a child of the size that the table is of.

    Raises:
        UserError: the table lacks a part of it.
    """
    network_plan = table.plan(genotype.space, genotype.output_nodes)
    return child_parts(genotype, network_plan, table.num_classes).latency(table)


def latency_size(table: LatencyTable, space: SearchSpace) -> ChildSize:
    """Return the milliseconds of the children of a search space, of the size of the table.

    As in the other criteria, every edge counts, also one that does not change the output. The sum
    of a node is shared by the edges that may enter it, unless they are zero.

    Raises:
        UserError: the table lacks a part of them.
    """
    network_plan = table.plan(space)
    fixed = network_parts.end_parts(network_plan, table.num_classes)
    edges = {kind: np.zeros(space.shape) for kind in space.kinds}
    for plan in network_plan:
        fixed += network_parts.cell_parts(plan)
        edges[plan.kind] += [
            [table.latency(part) for part in row] for row in network_parts.edge_parts(space, plan)
        ]
        edges[plan.kind] += table.node * _shares_of_sums(space)
    return ChildSize(table.call + sum(map(table.latency, fixed)), edges)


def _shares_of_sums(space: SearchSpace) -> np.ndarray:
    """The share of its node's sum that each edge has, [edges, operations]; 0 for zero."""
    targets = [target for _, target in space.edges]
    entering = np.array([targets.count(target) for target in targets], float)
    shares = np.where(entering > 1, 1 / entering, 0.0)[:, np.newaxis]
    return shares * [name != ZERO for name in space.operations]


def check_target(table: LatencyTable, space: SearchSpace, target: float | None) -> None:
    """Check that a table has every part of a search space, and that a child takes so long.

    Args:
        table: the table.
        space: the search space.
        target: milliseconds of the child; None for any.

    Raises:
        UserError: it lacks a part, or all children are faster or all are slower.
    """
    size = latency_size(table, space)
    if target is not None and not size.smallest <= target <= size.largest:
        raise UserError(
            f"`target_latency_ms`={target:g}: no child of {table.num_cells} cells and "
            f"{table.init_channels} channels takes so long by {shorten_path(table.source)}, "
            f"accepted: {size.smallest:.4g} to {size.largest:.4g}"
        )
