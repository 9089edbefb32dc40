"""The cell of a child network: the edges of one genotype."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from snas_tf.architecture import spaces
from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.genotype import CellGenotype, Edge
from snas_tf.architecture.operations import SKIP
from snas_tf.layers.base_cell import BaseCell
from snas_tf.layers.base_operation import Weights
from snas_tf.layers.registry import create_layer, layer_class

_SPREAD = (tf.newaxis, tf.newaxis, tf.newaxis)


@keras.saving.register_keras_serializable("snas_tf")
class ChildCell(BaseCell):
    """One operation on every live edge; nodes sum their edges, the output concatenates nodes.

    A node that no edge enters is zero, and so is what leaves it by a skip. Every normalization has
    a scale and an offset.

    Args:
        plan: the cell's place in the network.
        edges: the edges and the concatenated nodes.

    Raises:
        ValueError: `plan` concatenates another number of nodes than `edges`.
    """

    def __init__(self, plan: CellPlan, edges: CellGenotype, **kwargs: object) -> None:
        super().__init__(plan, affine=True, **kwargs)
        if len(edges.concat) != plan.output_nodes:
            raise ValueError(
                f"the plan has {plan.output_nodes} output nodes, received: concat={edges.concat}"
            )
        self.cell = edges
        self.positions: dict[str, list[int]] = {}  # of the edges of each operation with weights
        for index, edge in enumerate(edges.edges):
            if not is_identity(edge, plan):
                self.positions.setdefault(edge.operation, []).append(index)
        self.operations = {
            name: create_layer(
                edges.space.operation(name),
                len(indices),
                plan.channels,
                affine=True,
                dtype=self.dtype_policy,
            )
            for name, indices in self.positions.items()
        }

    def call(
        self,
        inputs: Sequence[tf.Tensor],
        training: bool = False,
        drop_path: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Run the cell.

        Args:
            inputs: as many outputs of earlier cells, [batch, height, width, channels] each.
            training: normalize with the batch's statistics, and move the moving ones.
            drop_path: factors [edges, batch] of each example on each edge; identities ignore them.

        Returns:
            [batch, height, width, concatenated nodes x channels].
        """
        training = training and self.trainable  # As in Keras, frozen statistics do not move.
        values = self.prepare_inputs(inputs, training)
        weights = self.edge_weights(self.compute_dtype)
        y, statistics = run(self.cell, self.plan, values, weights, training, drop_path)
        if training:
            for name, layer in self.operations.items():
                layer.assign([statistics[index] for index in self.positions[name]])
        return y

    def edge_weights(self, precision: str = "float32") -> list[Weights]:
        """The weights of each edge, in their order, see `BaseOperation.unstack`.

        An identity has none.
        """
        weights: list[Weights] = [{} for _ in self.cell.edges]
        for name, layer in self.operations.items():
            for index, of_edge in zip(self.positions[name], layer.unstack(precision), strict=True):
                weights[index] = of_edge
        return weights

    def get_config(self) -> dict:
        """The constructor's arguments, plan and edges as dicts."""
        edges = {
            "edges": [dataclasses.astuple(edge) for edge in self.cell.edges],
            "concat": self.cell.concat,
            "space": self.cell.space.name,
        }
        return {**super().get_config(), "edges": edges}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ChildCell":
        """Rebuild the plan and the edges from their dicts."""
        content = config["edges"]
        edges = CellGenotype(
            tuple(Edge(*edge) for edge in content["edges"]),
            tuple(content["concat"]),
            spaces.get(content["space"]),
        )
        return cls(**{**config, "plan": CellPlan.from_config(config["plan"]), "edges": edges})


def is_identity(edge: Edge, plan: CellPlan) -> bool:
    """Whether an edge is an identity: a skip connection at stride 1."""
    return edge.operation == SKIP and plan.stride(edge.source) == 1


def run(
    edges: CellGenotype,
    plan: CellPlan,
    inputs: Sequence[tf.Tensor],
    weights: Sequence[Weights],
    training: bool = False,
    drop_path: tf.Tensor | None = None,
) -> tuple[tf.Tensor, list[Weights]]:
    """Compute a child cell as a function of its weights (Eq. 1, one operation per edge).

    Args:
        edges: the edges and the concatenated nodes.
        plan: the cell's place in the network.
        inputs: the input nodes, [batch, height, width, channels] each.
        weights: weights of each edge, folded or not.
        training: normalize with the batch's statistics.
        drop_path: factors [edges, batch] of each example on each edge; identities ignore them.

    Returns:
        The output [batch, height, width, concatenated nodes x channels], and the new moving
        statistics of each edge.
    """
    values = dict(enumerate(inputs))
    statistics: list[Weights] = [{} for _ in edges.edges]
    for node in edges.nodes:
        terms = []
        for index, edge in enumerate(edges.edges):
            if edge.target != node:
                continue
            x = values[edge.source]
            y, statistics[index] = apply(edges, index, plan, x, weights[index], training)
            if drop_path is not None:
                # An identity is multiplied by 1: the order of a sum differs between runs if one of
                # its terms is a buffer that others read.
                factor = 1.0 if is_identity(edge, plan) else drop_path[index, :, *_SPREAD]
                y *= tf.cast(factor, y.dtype)
            terms.append(y)
        values[node] = tf.add_n(terms) if terms else _zeros(plan, inputs[0])
    return tf.concat([values[node] for node in edges.concat], axis=-1), statistics


def apply(
    cell: CellGenotype,
    index: int,
    plan: CellPlan,
    x: tf.Tensor,
    weights: Weights,
    training: bool,
) -> tuple[tf.Tensor, Weights]:
    """Apply the operation of one edge to its source x [batch, height, width, channels]."""
    edge = cell.edges[index]
    if is_identity(edge, plan):
        return x, {}
    layer = layer_class(cell.space.operation(edge.operation))
    x = tf.nn.relu(x) if layer.rectified else x
    return layer.apply(x, weights, plan.stride(edge.source), training=training)


def _zeros(plan: CellPlan, x: tf.Tensor) -> tf.Tensor:
    return tf.zeros([tf.shape(x)[0], *plan.output_size, plan.channels], x.dtype)
