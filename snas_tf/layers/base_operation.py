"""The base class of candidate operations (Appendix G.1): a layer for all edges of a cell.

A layer holds one operation for `count` edges, their weights stacked along the first axis: a
network of a thousand small layers would take minutes to build and trace. A pass through a cell
*unstacks* each layer once, *applies* the operation edge by edge in the order of the graph, and
*assigns* the new moving statistics once. Calling a layer does all three.

The order is ReLU, convolution, normalization. The input of `apply` is already rectified, because
all edges that leave a node share the ReLU. Padding is symmetric at every stride.
"""

import abc
import math
from typing import Any

import keras
import tensorflow as tf

from snas_tf.layers.normalization import NORMALIZATION, fold

Weights = dict[str, tf.Tensor]
"""The weights of one edge, by name."""


def kernel_initializer(fan_in: int) -> keras.initializers.Initializer:
    """Make the initializer U(-b, b), b = 1 / sqrt(fan_in), the default of PyTorch."""
    bound = 1.0 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-bound, bound)


class BaseOperation(keras.layers.Layer, abc.ABC):
    """One operation for `count` edges of a cell.

    Args:
        count: number of edges.
        channels: channels of the output.
        affine: learn a scale and an offset in the normalizations, as the child does.

    Raises:
        ValueError: count or channels is not positive.
    """

    rectified = True
    """Whether the input of `apply` is ReLU(x) rather than x."""

    per_node = False
    """Whether all edges that leave a node share it in the parent, as it has no weights there."""

    recomputed = False
    """Whether the parent recomputes it in the backward pass, to save memory."""

    default_stride = 1

    folded_kernel: str | None = None
    """The kernel [..., inputs, channels] that `fold` scales; None if it scales none."""

    input_kernels: tuple[str, ...] = ()
    """Of a preprocess: the kernels [..., input channels, channels] that read its input."""

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        if count < 1 or channels < 1:
            raise ValueError(
                f"count and channels must be positive, received: count={count}, channels={channels}"
            )
        self.count = count
        self.channels = channels
        self.affine = affine
        self.stacks: dict[str, keras.Variable] = {}
        self.built = True

    def add_kernel(self, name: str, shape: tuple[int, ...], fan_in: int) -> None:
        """Add a kernel of every edge.

        Args:
            name: of the weight in `apply`.
            shape: of one edge's kernel.
            fan_in: numbers that each output is a sum over.
        """
        self._add_stack(name, (self.count, *shape), initializer=kernel_initializer(fan_in))

    def _add_stack(self, name: str, shape: tuple[int, ...], **kwargs: Any) -> None:
        # Keras would cast all weights, those of normalizations too; `unstack` casts kernels alone.
        self.stacks[name] = self.add_weight(name=name, shape=shape, autocast=False, **kwargs)

    def add_normalization(self, *shape: int) -> None:
        """Add the weights of a normalization of every edge, for `batch_normalize`.

        Args:
            shape: of one edge's statistics, such as `channels`.
        """
        shape = (self.count, *shape)
        for name, initial in {"mean": "zeros", "variance": "ones"}.items():
            self._add_stack(name, shape, initializer=initial, trainable=False)
        if self.affine:
            for name, initial in {"gamma": "ones", "beta": "zeros"}.items():
                self._add_stack(name, shape, initializer=initial)

    def unstack(self, precision: str = "float32") -> list[Weights]:
        """The weights of each edge.

        Args:
            precision: type of the kernels; the weights of normalizations are float32.
        """
        stacks = {}
        for name, variable in self.stacks.items():
            value = variable.value
            stacks[name] = tf.unstack(value if name in NORMALIZATION else tf.cast(value, precision))
        return [{name: stacks[name][edge] for name in stacks} for edge in range(self.count)]

    def assign(self, weights: list[Weights]) -> None:
        """Assign the named weights of each edge, such as the statistics after `apply`."""
        for name in weights[0]:
            self.stacks[name].assign(tf.stack([edge[name] for edge in weights]))

    @classmethod
    @abc.abstractmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """Apply the operation of one edge.

        Args:
            x: [batch, height, width, channels], rectified if `rectified`; float32, bfloat16 or
                float16.
            weights: the edge's, from `unstack`; the kernels have the type of x.
            stride: 1 or 2.
            scale: factors [channels] of the result: the edge's z.
            training: normalize with the batch's statistics.

        Returns:
            The result [batch, ceil(height / stride), ceil(width / stride), channels], and the new
            moving statistics.
        """

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """Fold the normalizations into weights with which `apply` gives the same in evaluation.

        The kernel `folded_kernel` is multiplied by the factor of its normalization; if it is None,
        `apply` multiplies the map instead.

        Args:
            weights: the edge's, from `unstack`.

        Returns:
            The kernels, the "offset" [..., channels] of each normalization, and its "factor"
            [..., channels] if no kernel is multiplied by it.
        """
        kernels = {name: value for name, value in weights.items() if name not in NORMALIZATION}
        if "mean" not in weights:
            return kernels
        folded = fold(weights)
        if cls.folded_kernel is not None:
            factor = tf.expand_dims(folded.pop("factor"), -2)
            kernels[cls.folded_kernel] = kernels[cls.folded_kernel] * factor
        return {**kernels, **folded}

    def call(
        self, inputs: list[tf.Tensor], stride: int | None = None, training: bool = False
    ) -> list[tf.Tensor]:
        """Apply edge e's operation to inputs[e] [batch, height, width, channels]."""
        if len(inputs) != self.count:
            raise ValueError(f"expected {self.count} inputs, received: {len(inputs)}")
        stride = stride or self.default_stride
        inputs = [tf.nn.relu(x) for x in inputs] if self.rectified else inputs
        results = [
            self.apply(x, weights, stride, training=training)
            for x, weights in zip(inputs, self.unstack(self.compute_dtype), strict=True)
        ]
        if training:
            self.assign([statistics for _, statistics in results])
        return [y for y, _ in results]

    def compute_output_shape(
        self, input_shape: list[tuple], stride: int | None = None
    ) -> list[tuple]:
        """[batch, height, width, channels] of each edge's output."""
        stride = stride or self.default_stride
        return [
            (batch, -(-height // stride), -(-width // stride), self.channels)
            for batch, height, width, _ in input_shape
        ]

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = {"count": self.count, "channels": self.channels, "affine": self.affine}
        return {**super().get_config(), **config}
