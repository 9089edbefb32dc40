"""The operations that convolve with kernels larger than 1 x 1."""

import tensorflow as tf

from snas_tf.layers.base_operation import BaseOperation, Weights
from snas_tf.layers.depthwise import depthwise_convolution
from snas_tf.layers.normalization import batch_normalize
from snas_tf.layers.projections import pointwise_convolution


class SeparableConvolution(BaseOperation):
    """(ReLU, depthwise k x k, pointwise, normalization) twice; the stride is in the first.

    Args:
        count: number of edges.
        channels: channels of input and output.
        kernel_size: k, odd.
        affine: learn a scale and an offset in the normalizations.

    Raises:
        ValueError: kernel_size is even.
    """

    folded_kernel = "pointwise"
    repeats = 2
    dilation = 1

    def __init__(
        self, count: int, channels: int, kernel_size: int, affine: bool = False, **kwargs: object
    ) -> None:
        super().__init__(count, channels, affine, **kwargs)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, received: {kernel_size}")
        self.kernel_size = kernel_size
        window = (kernel_size, kernel_size)
        self.add_kernel("depthwise", (self.repeats, *window, channels, 1), kernel_size**2)
        self.add_kernel("pointwise", (self.repeats, channels, channels), channels)
        self.add_normalization(self.repeats, channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `BaseOperation.apply`; only the last normalization is scaled."""
        stages = {name: tf.unstack(weight) for name, weight in weights.items()}
        statistics = []
        for stage in range(cls.repeats):
            x = tf.nn.relu(x) if stage else x
            x = depthwise_convolution(
                x, stages["depthwise"][stage], 1 if stage else stride, cls.dilation, training
            )
            x = pointwise_convolution(x, stages["pointwise"][stage])
            x, new = batch_normalize(
                x,
                {name: stages[name][stage] for name in stages},
                scale if stage == cls.repeats - 1 else None,
                training,
            )
            statistics.append(new)
        return x, {name: tf.stack([new[name] for new in statistics]) for name in statistics[0]}

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "kernel_size": self.kernel_size}


class DilatedConvolution(SeparableConvolution):
    """(ReLU, depthwise k x k with dilation 2, pointwise, normalization), once."""

    repeats = 1
    dilation = 2
    # That saves a quarter of all memory and costs 2 % of a step.
    recomputed = True


class DilatedSeparableConvolution(SeparableConvolution):
    """(ReLU, depthwise k x k with dilation 2, pointwise, normalization) twice: AmoebaNet-B's."""

    dilation = 2


class WideThenTallConvolution(BaseOperation):
    """ReLU, 1 x 7 convolution, 7 x 1 convolution, normalization: AmoebaNet's `1x7 then 7x1`.

    Each convolution strides along the length of its kernel.

    Args:
        count: number of edges.
        channels: channels of input and output.
        affine: learn a scale and an offset in the normalization.
    """

    folded_kernel = "tall"
    length = 7

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(count, channels, affine, **kwargs)
        fan_in = self.length * channels
        self.add_kernel("wide", (1, self.length, channels, channels), fan_in)
        self.add_kernel("tall", (self.length, 1, channels, channels), fan_in)
        self.add_normalization(channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `BaseOperation.apply`."""
        none, both = [0, 0], [cls.length // 2] * 2
        x = tf.nn.conv2d(x, weights["wide"], [1, stride], [none, none, both, none])
        x = tf.nn.conv2d(x, weights["tall"], [stride, 1], [none, both, none, none])
        return batch_normalize(x, weights, scale, training)
