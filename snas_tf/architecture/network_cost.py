"""The cost of cells and networks (Appendix F)."""

from collections.abc import Mapping

import numpy as np

from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.cost import (
    CRITERIA,
    Cost,
    convolution,
    normalization,
    total,
)
from snas_tf.architecture.genotype import CellGenotype, Genotype
from snas_tf.architecture.operations import OperationSpec
from snas_tf.architecture.preprocess import PREPROCESSES
from snas_tf.architecture.search_space import NetworkPlan, SearchSpace

EdgeCosts = Mapping[str, Mapping[str, np.ndarray]]
"""For each kind of cell and criterion, costs [edges, operations] over all cells of the kind."""


def operation_cost(operation: OperationSpec, plan: CellPlan, source: int) -> Cost:
    """The cost of an operation on an edge that leaves `source`."""
    return operation.cost(plan.channels, plan.stride(source), plan.node_size(source))


def cell_costs(space: SearchSpace, plan: CellPlan) -> list[list[Cost]]:
    """The cost of each [edge][operation] of a cell."""
    return [
        [operation_cost(operation, plan, source) for operation in space.candidates]
        for source, _ in space.edges
    ]


def edge_costs(network_plan: NetworkPlan, attribute: str) -> dict[str, np.ndarray]:
    """Sum one field of `Cost` over the cells of each kind: arrays [edges, operations]."""
    space = network_plan.space
    sums = {kind: np.zeros(space.shape) for kind in space.kinds}
    for plan in network_plan:
        sums[plan.kind] += [
            [getattr(cost, attribute) for cost in row] for row in cell_costs(space, plan)
        ]
    return sums


def edge_costs_by_criterion(network_plan: NetworkPlan) -> dict[str, dict[str, np.ndarray]]:
    """Sum the three criteria over the cells of each kind: arrays [edges, operations].

    The sum over a one-hot Z is what the edges of that child cost in this very network.
    """
    by_criterion = {criterion: edge_costs(network_plan, criterion) for criterion in CRITERIA}
    return {
        kind: {criterion: by_criterion[criterion][kind] for criterion in CRITERIA}
        for kind in network_plan.space.kinds
    }


def normalize_costs(
    costs: EdgeCosts, weights: Mapping[str, float] | None = None
) -> dict[str, np.ndarray]:
    """The penalty's C(O) for each kind [edges, operations] (Eq. 10).

    Each criterion is divided by its value for the most expensive child of the network, then they
    are averaged: the C(Z) of any child lies between 0 and 1, so a weight means the same for
    every depth, width and resolution.

    Args:
        costs: from `edge_costs_by_criterion`, maybe with further criteria.
        weights: weights of each criterion in the average, only their ratio counts; default: those
            of `CRITERIA`, equal.
    """
    weights = dict.fromkeys(CRITERIA, 1.0) if weights is None else weights
    largest = {
        criterion: sum(costs[kind][criterion].max(axis=1).sum() for kind in costs)
        for criterion in weights
    }
    shares = list(weights.values())
    return {
        kind: np.average(
            [costs[kind][name] / (largest[name] or 1.0) for name in weights], axis=0, weights=shares
        )
        for kind in costs
    }


def preprocess_cost(plan: CellPlan) -> Cost:
    """The cost of the preprocess layers of a cell, used or not."""
    return total(
        [
            PREPROCESSES[name].cost(channels, plan.channels, plan.input_size)
            for name, channels in zip(plan.preprocess, plan.input_channels, strict=True)
        ]
    )


def stem_cost(network_plan: NetworkPlan) -> Cost:
    """The cost of the stem: 3 x 3 convolutions and their normalizations."""
    return total(
        [
            convolution(3 * 3, layer.input_channels, layer.output_channels, size)
            + normalization(layer.output_channels)
            for layer, size in network_plan.make_stem().convolutions(network_plan.image_size)
        ]
    )


def classifier_cost(network_plan: NetworkPlan, num_classes: int) -> Cost:
    """The cost of the dense layer with its bias, and of a normalization before it."""
    channels = network_plan[-1].output_channels
    before = normalization(channels) * network_plan.space.skeleton.normalizes_output
    weights = convolution(1, channels, num_classes, (1, 1))
    return before + weights + Cost(parameters=num_classes)


def fixed_cost(network_plan: NetworkPlan, num_classes: int) -> Cost:
    """The cost that does not depend on edges: stem, preprocess layers and classifier."""
    return total(
        [
            stem_cost(network_plan),
            *(preprocess_cost(plan) for plan in network_plan),
            classifier_cost(network_plan, num_classes),
        ]
    )


def cell_cost(cell: CellGenotype, plan: CellPlan) -> Cost:
    """The cost of all live edges of a cell, dead nodes included, as in C(Z)."""
    return total(
        [
            operation_cost(cell.space.operation(edge.operation), plan, edge.source)
            for edge in cell.edges
        ]
    )


def child_cost(genotype: Genotype, network_plan: NetworkPlan, num_classes: int) -> Cost:
    """The cost of the child network of a genotype."""
    cells = [cell_cost(genotype.cell(plan.kind), plan) for plan in network_plan]
    return total([fixed_cost(network_plan, num_classes), *cells])


def expected_costs(
    network_plan: NetworkPlan, num_classes: int, probabilities: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Compute the expected cost of a child in this very network, by criterion.

    Args:
        network_plan: plan of the parent network.
        num_classes: classes of the images.
        probabilities: for each kind, those of the operations [edges, operations].
    """
    fixed, costs = fixed_cost(network_plan, num_classes), edge_costs_by_criterion(network_plan)
    return {
        name: getattr(fixed, name)
        + sum(float(np.sum(probabilities[kind] * costs[kind][name])) for kind in costs)
        for name in CRITERIA
    }
