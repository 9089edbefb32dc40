"""The latency of a child, as the sum of the latencies of its parts."""

import collections
import dataclasses

import numpy as np

from snas_tf.architecture import network_parts
from snas_tf.architecture.child_size import ChildSize
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.latency_table import LatencyTable
from snas_tf.architecture.live_edges import live_edges, needed_cells, used_inputs
from snas_tf.architecture.network_parts import Part
from snas_tf.architecture.search_space import NetworkPlan, SearchSpace


@dataclasses.dataclass(frozen=True)
class PartLatency:
    """What a part contributes to the latency of a network.

    Attributes:
        part: the part.
        count: how often the network has it.
        milliseconds: of all of them.
    """

    part: Part
    count: int
    milliseconds: float


def latency_size(table: LatencyTable, space: SearchSpace) -> ChildSize:
    """Return the milliseconds of the children of a search space, in the network of the table.

    Raises:
        UserError: the table lacks a part of them.
    """
    network_plan = table.plan(space)
    fixed = network_parts.end_parts(network_plan, table.num_classes)
    fixed += [part for plan in network_plan for part in network_parts.cell_parts(plan)]
    edges = {kind: np.zeros(space.shape) for kind in space.kinds}
    for plan in network_plan:
        edges[plan.kind] += [
            [table.latency(part) for part in row]
            for row in network_parts.edge_parts(space, plan)
        ]
    return ChildSize(table.overhead + sum(map(table.latency, fixed)), edges)


def child_parts(genotype: Genotype, network_plan: NetworkPlan, num_classes: int) -> list[Part]:
    """List the parts of the folded child of a genotype, one as often as it occurs.

    What does not change the output is not among them: as in `models.folded.FoldedChild`.
    """
    parts = network_parts.end_parts(network_plan, num_classes)
    for plan in needed_cells(genotype, network_plan):
        cell = genotype.cell(plan.kind)
        parts += network_parts.cell_parts(plan, used_inputs(cell))
        for edge in live_edges(cell):
            operation = genotype.space.operation(edge.operation)
            part = network_parts.edge_part(operation, plan, edge.source)
            parts += [part] if part is not None else []
    return parts


def part_latencies(
    table: LatencyTable, genotype: Genotype, network_plan: NetworkPlan, num_classes: int
) -> list[PartLatency]:
    """List what the parts of a child contribute to its latency, the largest first.

    Raises:
        UserError: the table lacks one of them.
    """
    counts = collections.Counter(child_parts(genotype, network_plan, num_classes))
    parts = [PartLatency(part, count, count * table.latency(part)) for part, count in counts.items()]
    return sorted(parts, key=lambda one: -one.milliseconds)


def predict(
    table: LatencyTable, genotype: Genotype, network_plan: NetworkPlan, num_classes: int
) -> float:
    """Predict the latency of a child network, in milliseconds.

    Raises:
        UserError: the table lacks a part of the network.
    """
    parts = part_latencies(table, genotype, network_plan, num_classes)
    return table.overhead + sum(one.milliseconds for one in parts)


def predict_evaluation(table: LatencyTable, genotype: Genotype) -> float:
    """Predict the latency of a child in the network of the table, in milliseconds.

    Raises:
        UserError: the table lacks a part of the network.
    """
    network_plan = table.plan(genotype.space, genotype.output_nodes)
    return predict(table, genotype, network_plan, table.num_classes)
