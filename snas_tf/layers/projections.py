"""1 x 1 convolutions: the preprocess layers of a cell, and the skip connection at stride 2."""

import abc

import tensorflow as tf

from snas_tf.layers.base_operation import BaseOperation, Weights
from snas_tf.layers.normalization import batch_normalize, fold


class _Projection(BaseOperation):
    """1 x 1 convolution and normalization; the input may have other channels than the output."""

    def __init__(
        self,
        count: int,
        channels: int,
        input_channels: int | None = None,
        affine: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(count, channels, affine, **kwargs)
        self.input_channels = input_channels or channels
        self._add_kernels()
        self.add_normalization(channels)

    @abc.abstractmethod
    def _add_kernels(self) -> None:
        """Add the 1 x 1 kernels of the class."""

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "input_channels": self.input_channels}


class FactorizedReduction(_Projection):
    """ReLU, two stride-2 1 x 1 convolutions side by side, normalization: half the resolution.

    The second convolution looks one pixel down and right of the first, so that no pixel is lost.
    It is the skip connection at stride 2, and the preprocess after a reduction cell.

    Args:
        count: number of edges.
        channels: channels of the output, even.
        input_channels: channels of the input; `channels` if not given.
        affine: learn a scale and an offset in the normalization.

    Raises:
        ValueError: channels is odd.
    """

    default_stride = 2
    input_kernels = ("kernels",)

    def _add_kernels(self) -> None:
        if self.channels % 2:
            raise ValueError(f"channels must be even, received: {self.channels}")
        shape = (2, self.input_channels, self.channels // 2)
        self.add_kernel("kernels", shape, self.input_channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int = 2,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `BaseOperation.apply`; the stride is always 2."""
        if stride != 2:
            raise ValueError(f"a factorized reduction has stride 2, received: {stride}")
        # Both at once: a 2 x 2 convolution that is zero except at its first and last tap. At an
        # odd size its last window reaches beyond the edge, where "SAME" adds zeros.
        first, second = tf.unstack(weights["kernels"])
        zero = tf.zeros_like(first)
        taps = [
            [tf.concat(tap, -1) for tap in row]
            for row in [[(first, zero), (zero, zero)], [(zero, zero), (zero, second)]]
        ]
        x = tf.nn.conv2d(x, tf.stack([tf.stack(row) for row in taps]), 2, "SAME")
        return batch_normalize(x, weights, scale, training)

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """See `BaseOperation.fold`."""
        folded = fold(weights)
        factors = tf.stack(tf.split(folded["factor"], 2))[:, tf.newaxis]
        return {"kernels": weights["kernels"] * factors, "offset": folded["offset"]}


class PointwiseConvolution(_Projection):
    """ReLU, 1 x 1 convolution, normalization: the preprocess of a cell's input.

    Args:
        count: number of inputs.
        channels: channels of the output.
        input_channels: channels of the input; `channels` if not given.
        affine: learn a scale and an offset in the normalization.
    """

    folded_kernel = "kernel"
    input_kernels = ("kernel",)

    def _add_kernels(self) -> None:
        self.add_kernel("kernel", (self.input_channels, self.channels), self.input_channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int = 1,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `BaseOperation.apply`; the stride is always 1."""
        if stride != 1:
            raise ValueError(f"a pointwise convolution has stride 1, received: {stride}")
        return batch_normalize(
            pointwise_convolution(x, weights["kernel"]), weights, scale, training
        )


class Identity(BaseOperation):
    """The identity: the preprocess of an input that a cell reads as it is.

    Args:
        count: number of inputs.
        channels: channels of input and output.
        input_channels: the same; `channels` if not given.
        affine: has no effect.

    Raises:
        ValueError: input and output have different channels.
    """

    rectified = False

    def __init__(
        self,
        count: int,
        channels: int,
        input_channels: int | None = None,
        affine: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(count, channels, affine, **kwargs)
        if input_channels not in (None, channels):
            raise ValueError(f"input_channels must be {channels}, received: {input_channels}")

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int = 1,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `BaseOperation.apply`; the stride is always 1."""
        if stride != 1:
            raise ValueError(f"an identity has stride 1, received: {stride}")
        return (x if scale is None else x * tf.cast(scale, x.dtype)), {}


def pointwise_convolution(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """1 x 1 convolution of x [batch, height, width, channels]; kernel [channels, outputs].

    It is a matrix product, whose gradients are faster than those of a convolution.
    """
    flat = tf.reshape(x, [-1, kernel.shape[0]])
    return tf.reshape(flat @ kernel, [-1, *x.shape[1:3], kernel.shape[1]])
