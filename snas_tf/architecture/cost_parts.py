"""The cost of a child network, part by part."""

from snas_tf.architecture import network_cost
from snas_tf.architecture.cost import Cost
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.search_space import NetworkPlan


def count_parts(
    genotype: Genotype, network_plan: NetworkPlan, num_classes: int
) -> list[tuple[str, Cost]]:
    """List the cost of the stem, of each cell with its preprocess layers, and of the classifier."""
    cells = [
        (
            f"cell {plan.index:2d} {plan.kind:6s} {plan.channels:4d} channels, "
            f"{plan.output_size[0]} x {plan.output_size[1]}",
            network_cost.preprocess_cost(plan)
            + network_cost.cell_cost(genotype.cell(plan.kind), plan),
        )
        for plan in network_plan
    ]
    return [
        ("stem", network_cost.stem_cost(network_plan)),
        *cells,
        ("classifier", network_cost.classifier_cost(network_plan, num_classes)),
    ]
