"""A child's cell for deployment."""

import functools
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from snas_tf.layers import child_cell
from snas_tf.layers.base_operation import BaseOperation, Weights
from snas_tf.layers.registry import layer_class


class FoldedCell:
    """Child cell in evaluation, with folded normalizations and without dead nodes.

    Normalizations are folded into the kernels. Edges and preprocess layers that reach no output are
    left out, and so are dead nodes. The output of an edge from a dead node does not depend on the
    image, because only offsets remain. It is a constant map, added at the end of the edge.

    Args:
        layer: the child's cell.
        live_inputs: for each input, which of its channels [channels] are handed over;
            the others are always zero.

    Attributes:
        live_outputs: booleans [channels]: the channels of the child's cell that this output has.
    """

    def __init__(self, layer: child_cell.ChildCell, live_inputs: Sequence[np.ndarray]) -> None:
        self._plan = layer.plan
        self._cell = layer.cell
        self._weights = _fold_edges(layer)
        self._constants = self._find_constants()
        needed = self._needed()
        self._nodes = [
            node for node in self._cell.nodes if node in needed and node not in self._constants
        ]
        self._offsets = {node: self._constant_inputs(node) for node in self._nodes}
        self._preprocess = {
            node: (layer.preprocess[node], _fold_input(layer.preprocess[node], live_inputs[node]))
            for node in range(self._plan.num_inputs)
            if node in needed
        }
        self._outputs = [node for node in self._cell.concat if not self._is_zero(node)]
        self._outputs = self._outputs or list(self._cell.concat)  # a map needs a channel
        self.live_outputs = np.repeat(
            [node in self._outputs for node in self._cell.concat], self._plan.channels
        )

    @property
    def inputs(self) -> tuple[int, ...]:
        """The inputs that affect the output, by position; the newest is the last."""
        return tuple(self._preprocess)

    def __call__(self, inputs: Sequence[tf.Tensor | None], batch: tf.Tensor) -> tf.Tensor:
        """The live channels of the output, [batch, height, width, channels].

        Args:
            inputs: the live channels of each input; those that make no difference are not read.
            batch: number of images, [1].
        """
        values = {
            node: _prepare(layer, weights, inputs[node])
            for node, (layer, weights) in self._preprocess.items()
        }
        for node in self._nodes:
            terms = [self._apply(index, values[source]) for index, source in self._live_edges(node)]
            # Not `tf.add_n`, which phones have no integer form of.
            values[node] = functools.reduce(tf.add, [*terms, *self._offsets[node]])
        for node in self._constants.keys() & set(self._outputs):
            constant = self._constants[node]
            values[node] = tf.broadcast_to(constant, tf.concat([batch, constant.shape[1:]], 0))
        return tf.concat([values[node] for node in self._outputs], axis=-1)

    def _apply(self, index: int, x: tf.Tensor) -> tf.Tensor:
        weights = self._weights[index]
        return child_cell.apply(self._cell, index, self._plan, x, weights, training=False)[0]

    def _edges_into(self, node: int) -> list[tuple[int, int]]:
        """(index, source) of each edge that enters a node."""
        return [
            (index, edge.source)
            for index, edge in enumerate(self._cell.edges)
            if edge.target == node
        ]

    def _live_edges(self, node: int) -> list[tuple[int, int]]:
        return [
            (index, source)
            for index, source in self._edges_into(node)
            if source not in self._constants
        ]

    def _find_constants(self) -> dict[int, np.ndarray]:
        """Find the map [1, height, width, channels] of each node that does not depend on images."""
        constants: dict[int, np.ndarray] = {}
        for node in self._cell.nodes:
            edges = self._edges_into(node)
            if all(source in constants for _, source in edges):
                terms = [self._apply(index, constants[source]) for index, source in edges]
                zero = tf.zeros([1, *self._plan.output_size, self._plan.channels])
                constants[node] = tf.add_n([zero, *terms]).numpy()
        return constants

    def _constant_inputs(self, node: int) -> list[np.ndarray]:
        """Sum the edges from constant nodes to a node: one map, or none without such edges."""
        edges = [pair for pair in self._edges_into(node) if pair[1] in self._constants]
        terms = [self._apply(index, self._constants[source]) for index, source in edges]
        return [tf.add_n(terms).numpy()] if terms else []

    def _needed(self) -> set[int]:
        """Find the nodes on a path from an input to the output."""
        needed = set(self._cell.concat)
        for node in reversed(self._cell.nodes):
            if node in needed and node not in self._constants:
                needed |= {source for _, source in self._live_edges(node)}
        return needed

    def _is_zero(self, node: int) -> bool:
        return node in self._constants and not np.any(self._constants[node])


def _fold_edges(layer: child_cell.ChildCell) -> list[Weights]:
    return [
        _as_arrays(layer_class(layer.cell.space.operation(edge.operation)).fold(weights))
        if weights
        else {}
        for edge, weights in zip(layer.cell.edges, layer.edge_weights(), strict=True)
    ]


def _fold_input(layer: BaseOperation, live: np.ndarray) -> Weights:
    """A preprocess layer's weights, without the part that would read channels left out."""
    weights = _as_arrays(layer.fold(layer.unstack()[0]))
    return {
        **weights,
        **{name: weights[name][..., live, :] for name in layer.input_kernels},
    }


def _prepare(layer: BaseOperation, weights: Weights, x: tf.Tensor) -> tf.Tensor:
    x = tf.nn.relu(x) if layer.rectified else x
    return type(layer).apply(x, weights, layer.default_stride)[0]


def _as_arrays(weights: Weights) -> Weights:
    """Convert to NumPy arrays, which become constants of every graph that uses them."""
    return {name: np.asarray(weight) for name, weight in weights.items()}
