"""Copies of a part of a network, as they are in a folded child."""

import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from snas_tf.architecture import network_parts
from snas_tf.architecture.network_parts import Part
from snas_tf.architecture.operations import SKIP
from snas_tf.architecture.preprocess import PREPROCESSES
from snas_tf.architecture.search_space import NetworkPlan
from snas_tf.layers.base_operation import BaseOperation
from snas_tf.layers.registry import create_layer
from snas_tf.models.folded_ends import FoldedClassifier, FoldedStem
from snas_tf.models.network import CellNetwork

Function = Callable[..., Any]
"""From the inputs of a part, [1, height, width, channels] each, to its output, or several."""


class PartGraph:
    """Copies of a part, one after the other, each with weights of its own.

    The difference between many and few copies is the time of the part without that of a call. As
    in a cell, the copies read the same input, which is in the cache, and the memory of one is free
    for the next: side by side, with inputs of their own, they would take up to half as long again.

    Args:
        part: the part.
        network_plan: plan of a network that has it.
        num_classes: classes of the images.
        count: number of copies.
        own_inputs: give each copy inputs of its own, for a runtime that would compute only once
            what copies have in common.

    Attributes:
        signature: the inputs.
    """

    def __init__(
        self,
        part: Part,
        network_plan: NetworkPlan,
        num_classes: int,
        count: int,
        own_inputs: bool = False,
    ) -> None:
        self._copies = [_MAKERS[part.kind](part, network_plan, num_classes) for _ in range(count)]
        self._is_edge = part.kind == network_parts.OPERATION
        concatenates = part.kind == network_parts.CONCATENATION
        self._arity = part.channels // part.input_channels if concatenates else 1
        kind = tf.uint8 if part.kind == network_parts.STEM else tf.float32
        one = tf.TensorSpec([1, *part.size, part.input_channels], kind)
        self.signature = [one] * (self._arity * (count if own_inputs else 1))

    def __call__(self, *inputs: tf.Tensor) -> Any:
        """The outputs of the copies; for an operation their sum, as edges enter a node."""
        outputs: list[Any] = []
        for index, copy in enumerate(self._copies):
            first = index * self._arity % len(inputs)
            own = inputs[first : first + self._arity]
            # The order also keeps TensorFlow from computing what copies have in common once.
            with tf.control_dependencies(tf.nest.flatten(outputs[-1:])):
                outputs.append(copy(*(tf.identity(x) for x in own)))
        return tf.add_n(outputs) if self._is_edge else outputs


def _operation(part: Part, network_plan: NetworkPlan, num_classes: int) -> Function:
    if part.name == SKIP and part.stride == 1:
        return lambda x: x
    operation = network_plan.space.operation(part.name)
    return _run(create_layer(operation, 1, part.channels, affine=True), part.stride)


def _preprocess(part: Part, network_plan: NetworkPlan, num_classes: int) -> Function:
    layer: Any = pkgutil.resolve_name(PREPROCESSES[part.name].layer)
    return _run(layer(1, part.channels, part.input_channels, affine=True), part.stride)


def _run(layer: BaseOperation, stride: int) -> Function:
    """Return a function that applies a layer of one edge, folded."""
    folded = layer.fold(layer.unstack()[0])
    # As constants of the graph; an offset of zero might be optimized away.
    weights = {name: np.asarray(weight) for name, weight in folded.items()}
    if "offset" in weights:
        weights["offset"] = np.ones_like(weights["offset"])

    def apply(x: tf.Tensor) -> tf.Tensor:
        x = tf.nn.relu(x) if layer.rectified else x
        return layer.apply(x, weights, stride)[0]

    return apply


def _stem(part: Part, network_plan: NetworkPlan, num_classes: int) -> Function:
    return FoldedStem(_ends(network_plan, num_classes))


def _classifier(part: Part, network_plan: NetworkPlan, num_classes: int) -> Function:
    return FoldedClassifier(_ends(network_plan, num_classes), np.ones(part.input_channels, bool))


def _ends(network_plan: NetworkPlan, num_classes: int) -> CellNetwork:
    """Make a network without cells."""
    return CellNetwork(network_plan, num_classes, np.full(3, 128.0), np.full(3, 64.0))


def _concatenation(part: Part, network_plan: NetworkPlan, num_classes: int) -> Function:
    return lambda *nodes: tf.concat(nodes, axis=-1)


_MAKERS: dict[str, Callable[[Part, NetworkPlan, int], Function]] = {
    network_parts.OPERATION: _operation,
    network_parts.PREPROCESS: _preprocess,
    network_parts.STEM: _stem,
    network_parts.CONCATENATION: _concatenation,
    network_parts.CLASSIFIER: _classifier,
}
"""By the kind of part; each call has new weights."""
