"""The cost of the layers of a Keras model, in the terms of `architecture.cost`."""

import dataclasses
import math
from collections.abc import Callable

import keras

from snas_tf.architecture.cost import Cost, convolution, total


def count_by_kind(model: keras.Model) -> list[tuple[str, Cost]]:
    """Sum the costs of the layers of each kind; layers that cost nothing are left out.

    Args:
        model: made with the functional API, every layer called once.

    Returns:
        Pairs of the number and the kind of the layers, such as "13 Conv2D", and their cost.
    """
    kinds: dict[str, list[Cost]] = {}
    for layer in model.layers:
        counted = count_layer(layer)
        if counted != Cost():
            kinds.setdefault(type(layer).__name__, []).append(counted)
    return [(f"{len(costs)} {kind}", total(costs)) for kind, costs in kinds.items()]


def count_layer(layer: keras.layers.Layer) -> Cost:
    """Count the cost of a layer: its parameters, and the rest by the equations of Appendix F.

    As in a child, activations, sums and the global average cost nothing.
    """
    learned = sum(math.prod(variable.shape) for variable in layer.trainable_variables)
    counted = _COUNTS[type(layer)](layer) if type(layer) in _COUNTS else Cost()
    return dataclasses.replace(counted, parameters=learned)


def _output_size(layer: keras.layers.Layer) -> tuple[int, int]:
    return layer.output.shape[1:3]


def _convolution(layer: keras.layers.Conv2D) -> Cost:
    inputs = layer.input.shape[-1]
    area, size = math.prod(layer.kernel_size), _output_size(layer)
    return convolution(area, inputs, layer.filters, size, layer.groups)


def _depthwise(layer: keras.layers.DepthwiseConv2D | keras.layers.SeparableConv2D) -> Cost:
    inputs = layer.input.shape[-1]
    outputs = inputs * layer.depth_multiplier
    return convolution(math.prod(layer.kernel_size), inputs, outputs, _output_size(layer), inputs)


def _separable(layer: keras.layers.SeparableConv2D) -> Cost:
    inputs = layer.input.shape[-1] * layer.depth_multiplier
    return _depthwise(layer) + convolution(1, inputs, layer.filters, _output_size(layer))


def _dense(layer: keras.layers.Dense) -> Cost:
    return convolution(1, layer.input.shape[-1], layer.units, (1, 1))


def _pooling(layer: keras.layers.MaxPooling2D | keras.layers.AveragePooling2D) -> Cost:
    numbers = math.prod(layer.output.shape[1:])
    flops = math.prod(layer.pool_size) * numbers
    return Cost(pooling_flops=flops, memory_access=2 * numbers)


_COUNTS: dict[type, Callable[..., Cost]] = {
    keras.layers.AveragePooling2D: _pooling,
    keras.layers.Conv2D: _convolution,
    keras.layers.Dense: _dense,
    keras.layers.DepthwiseConv2D: _depthwise,
    keras.layers.MaxPooling2D: _pooling,
    keras.layers.SeparableConv2D: _separable,
}
