"""The specifications of the candidate operations."""

import dataclasses
import functools
import inspect
import re
import types
from collections.abc import Callable, Mapping
from typing import Any

from snas_tf.architecture.cell_plan import halve
from snas_tf.architecture.cost import (
    Cost,
    convolution,
    factorized_reduction,
    normalization,
    pointwise,
)
from snas_tf.errors import quote

CostFunction = Callable[[int, int, tuple[int, int]], Cost]
"""From channels, stride and input (height, width) to the cost of running once on one image."""

ZERO, SKIP = "none", "skip_connect"
"""The operation that drops an edge, and the identity."""


@dataclasses.dataclass(frozen=True)
class OperationSpec:
    """Specification of a candidate operation.

    Attributes:
        name: in genotypes, in a search space, and in the weights' names.
        family: what pictures color alike and reports count together: "zero", "skip", "pooling",
            "separable", "dilated" or another word.
        label: in pictures.
        cost: what it costs.
        layer: its subclass of `layers.base_operation.BaseOperation`, or where that is, as
            "package.module:Class", so that no TensorFlow is needed before it runs; None for the
            zero operation.
        arguments: arguments of the layer, besides those that all operations have.
    """

    name: str
    family: str
    label: str
    cost: CostFunction
    layer: type | str | None
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def has_kernels(self) -> bool:
        """Whether it multiplies by what it learns, so that it is counted as a convolution."""
        return self.cost(2, 1, (8, 8)).multiply_adds > 0


def _zero(channels: int, stride: int, size: tuple[int, int]) -> Cost:
    return Cost()


def _skip(channels: int, stride: int, size: tuple[int, int]) -> Cost:
    if stride == 2:
        return factorized_reduction(channels, channels, halve(size))
    return Cost(memory_access=2 * channels * size[0] * size[1])


def _pooling(channels: int, stride: int, size: tuple[int, int]) -> Cost:
    return _plain_pooling(channels, stride, size) + normalization(channels)


def _plain_pooling(channels: int, stride: int, size: tuple[int, int]) -> Cost:
    height, width = halve(size) if stride == 2 else size
    area = height * width * channels
    return Cost(pooling_flops=3 * 3 * area, memory_access=2 * area)


def _dense(kernel_size: int, channels: int, stride: int, size: tuple[int, int]) -> Cost:
    output = halve(size) if stride == 2 else size
    return convolution(kernel_size**2, channels, channels, output) + normalization(channels)


def _pooling_2x2(channels: int, stride: int, size: tuple[int, int]) -> Cost:
    """The cost of a 2 x 2 pooling, which differs from a 3 x 3 one in Eq. 38 alone."""
    counted = _pooling(channels, stride, size)
    return dataclasses.replace(counted, pooling_flops=counted.pooling_flops // (3 * 3) * (2 * 2))


def narrow(channels: int) -> int:
    """Channels within a bottleneck: a quarter."""
    return max(channels // 4, 1)


def _bottleneck(channels: int, stride: int, size: tuple[int, int]) -> Cost:
    output = halve(size) if stride == 2 else size
    within = narrow(channels)
    middle = convolution(3 * 3, within, within, output) + normalization(within)
    return pointwise(channels, within, size) + middle + pointwise(within, channels, output)


def _depthwise(
    kernel_size: int, repeats: int, channels: int, stride: int, size: tuple[int, int]
) -> Cost:
    size = halve(size) if stride == 2 else size
    depthwise = convolution(kernel_size**2, channels, channels, size, groups=channels)
    return (depthwise + pointwise(channels, channels, size)) * repeats


def _wide_then_tall(channels: int, stride: int, size: tuple[int, int]) -> Cost:
    """The cost of a 1 x 7 convolution, a 7 x 1 convolution and one normalization."""
    output = halve(size) if stride == 2 else size
    wide = convolution(7, channels, channels, (size[0], output[1]))
    return wide + convolution(7, channels, channels, output) + normalization(channels)


def _depthwise_operation(
    prefix: str, family: str, kernel_size: int, repeats: int, layer: str
) -> OperationSpec:
    window = f"{kernel_size}x{kernel_size}"
    return OperationSpec(
        f"{prefix}_conv_{window}",
        family,
        f"{prefix.replace('_', ' ')} {window}",
        functools.partial(_depthwise, kernel_size, repeats),
        f"snas_tf.layers.convolutions:{layer}",
        types.MappingProxyType({"kernel_size": kernel_size}),
    )


def _separable(kernel_size: int) -> OperationSpec:
    return _depthwise_operation("sep", "separable", kernel_size, 2, "SeparableConvolution")


def _dilated(kernel_size: int) -> OperationSpec:
    return _depthwise_operation("dil", "dilated", kernel_size, 1, "DilatedConvolution")


def _dense_operation(kernel_size: int) -> OperationSpec:
    window = f"{kernel_size}x{kernel_size}"
    return OperationSpec(
        f"nor_conv_{window}",
        "dense",
        f"conv {window}",
        functools.partial(_dense, kernel_size),
        "snas_tf.layers.dense_convolutions:DenseConvolution",
        types.MappingProxyType({"kernel_size": kernel_size}),
    )


OPERATIONS: dict[str, OperationSpec] = {
    operation.name: operation
    for operation in (
        OperationSpec(ZERO, "zero", "none", _zero, None),
        OperationSpec(
            SKIP, "skip", "skip", _skip, "snas_tf.layers.projections:FactorizedReduction"
        ),
        OperationSpec(
            "max_pool_3x3", "pooling", "max 3x3", _pooling, "snas_tf.layers.pooling:MaxPooling"
        ),
        OperationSpec(
            "avg_pool_3x3", "pooling", "avg 3x3", _pooling, "snas_tf.layers.pooling:AveragePooling"
        ),
        _separable(3),
        _separable(5),
        _dilated(3),
        _dilated(5),
        _separable(7),
        OperationSpec(
            "conv_7x1_1x7",
            "other",
            "conv 7x1 1x7",
            _wide_then_tall,
            "snas_tf.layers.convolutions:WideThenTallConvolution",
        ),
        _dense_operation(1),
        _dense_operation(3),
        OperationSpec(
            "bottleneck_conv_3x3",
            "other",
            "bottleneck 3x3",
            _bottleneck,
            "snas_tf.layers.dense_convolutions:BottleneckConvolution",
        ),
        _depthwise_operation("dil_sep", "dilated", 5, 2, "DilatedSeparableConvolution"),
        OperationSpec(
            "max_pool_2x2",
            "pooling",
            "max 2x2",
            _pooling_2x2,
            "snas_tf.layers.pooling:SmallMaxPooling",
        ),
    )
}
"""Every operation that a genotype may name."""

PLAIN_AVERAGE_POOLING = OperationSpec(
    "avg_pool_3x3",
    "pooling",
    "avg 3x3",
    _plain_pooling,
    "snas_tf.layers.pooling:PlainAveragePooling",
)
"""The average pooling of NAS-Bench-201, without a normalization."""


def register(operation: OperationSpec) -> OperationSpec:
    """Register an operation, and return it.

    Raises:
        ValueError: another operation has this name, which is not of letters, digits and "_"; its
            cost is no function that returns a `Cost`, or its layer has no `apply`.
    """
    _check(operation)
    if OPERATIONS.setdefault(operation.name, operation) != operation:
        raise ValueError(f"there is another operation of the name {operation.name!r}")
    return operation


def _check(operation: OperationSpec) -> None:
    name, layer = operation.name, operation.layer
    if not (isinstance(name, str) and re.fullmatch(r"\w+", name)):
        raise ValueError(f"name: received {quote(name)}, accepted: letters, digits and _")
    if layer is None or (isinstance(layer, type) and not _is_concrete(layer)):
        raise ValueError(
            f"operation {name!r}: its layer, {getattr(layer, '__name__', layer)}, has no method "
            "apply, accepted: a subclass of BaseOperation that has one"
        )
    costs = [operation.cost(2, stride, (8, 8)) for stride in (1, 2) if callable(operation.cost)]
    if not costs or not all(isinstance(cost, Cost) for cost in costs):
        received = quote(costs[0] if costs else operation.cost)
        raise ValueError(
            f"operation {name!r}: its cost is {received}, accepted: a function of channels, stride "
            "and (height, width) that returns a snas_tf.architecture.cost.Cost"
        )


def _is_concrete(layer: type) -> bool:
    return callable(getattr(layer, "apply", None)) and not inspect.isabstract(layer)
