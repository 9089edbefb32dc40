"""Copying the weights of a parent to a child."""

import dataclasses

from snas_tf.architecture.search_space import SearchSpace
from snas_tf.errors import UserError
from snas_tf.models.child import ChildNetwork
from snas_tf.models.parent import ParentNetwork


def inherit(child: ChildNetwork, parent: ParentNetwork) -> None:
    """Copy the parent's weights and moving statistics to a child of the same plan.

    The parent's normalizations have no scale and offset in the cells: the child's stay at 1 and 0,
    so the child computes what the parent does with the child's one-hot Z (Section 2.1).

    Raises:
        UserError: the genotype is not of the parent's search space: an operation, an edge, or an
            output that does not concatenate the space's nodes in their order.
        ValueError: the plans of the networks differ.
    """
    _check(child, parent.network_plan.space)
    # The plan of the child has the space that the parent's may be a variant of.
    if child.network_plan != dataclasses.replace(
        parent.network_plan, space=child.network_plan.space
    ):
        raise ValueError(f"the plans differ: {child.network_plan} and {parent.network_plan}")
    for to_chain, from_chain in zip(child.stem, parent.stem, strict=True):
        to_chain.set_weights(from_chain.get_weights())
    child.classify.set_weights(parent.classify.get_weights())
    if child.normalize_output is not None and parent.normalize_output is not None:
        child.normalize_output.set_weights(parent.normalize_output.get_weights())
    for to_cell, from_cell in zip(child.cells, parent.cells, strict=True):
        for to_layer, from_layer in zip(to_cell.preprocess, from_cell.preprocess, strict=True):
            for name, stack in from_layer.stacks.items():
                to_layer.stacks[name].assign(stack)
        for name, layer in to_cell.operations.items():
            edges = [to_cell.cell.edges[index] for index in to_cell.positions[name]]
            layer.assign([from_cell.edge_weights(edge.source, edge.target, name) for edge in edges])


def _check(child: ChildNetwork, space: SearchSpace) -> None:
    for kind in space.kinds:
        concat = child.genotype.cell(kind).concat
        if concat != space.concat:
            raise UserError(
                f"`genotype`: {kind} concatenates nodes {_listed(concat)}, so what "
                f"`initial_weights` has learned to read is not there; accepted: "
                f"{_listed(space.concat)}, as in a genotype that the search found"
            )
        for edge in child.genotype.cell(kind).edges:
            if (edge.source, edge.target) not in space.edges or (
                edge.operation not in space.operations
            ):
                raise UserError(
                    f"`genotype`: {kind} edge {edge.source} -> {edge.target}, {edge.operation}, is "
                    "not in the search space, so `initial_weights` has no weights for it; "
                    "accepted: a genotype that the search found"
                )


def _listed(nodes: tuple[int, ...]) -> str:
    return ", ".join(map(str, nodes))
