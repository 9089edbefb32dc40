"""The candidates that convolve, and the preprocess layers of a cell."""

import abc

import tensorflow as tf

from snas_tf.layers.normalization import batch_normalize, fold
from snas_tf.layers.operation import Operation, Weights


class SeparableConvolution(Operation):
    """(ReLU, depthwise k x k, pointwise, normalisation) twice; the stride is in the first.

    Args:
        count: number of edges.
        channels: channels of input and output.
        kernel_size: k, odd.
        affine: learn a scale and an offset in the normalisations.

    Raises:
        ValueError: kernel_size is even.
    """

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
        self._add_kernel("depthwise", (self.repeats, *window, channels, 1), kernel_size**2)
        self._add_kernel("pointwise", (self.repeats, channels, channels), channels)
        self._add_normalization(self.repeats, channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `Operation.apply`; only the last normalisation is scaled."""
        stages = {name: tf.unstack(weight) for name, weight in weights.items()}
        statistics = []
        for stage in range(cls.repeats):
            x = tf.nn.relu(x) if stage else x
            x = depthwise_convolution(
                x, stages["depthwise"][stage], 1 if stage else stride, cls.dilation
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

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """See `Operation.fold`."""
        folded = fold(weights)
        return {
            "depthwise": weights["depthwise"],
            "pointwise": weights["pointwise"] * folded["factor"][:, tf.newaxis],
            "offset": folded["offset"],
        }

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "kernel_size": self.kernel_size}


class DilatedConvolution(SeparableConvolution):
    """(ReLU, depthwise k x k with dilation 2, pointwise, normalisation), once."""

    repeats = 1
    dilation = 2


class WideThenTallConvolution(Operation):
    """ReLU, 1 x 7 convolution, 7 x 1 convolution, normalisation: AmoebaNet's `1x7 then 7x1`.

    Each convolution strides along the length of its kernel.

    Args:
        count: number of edges.
        channels: channels of input and output.
        affine: learn a scale and an offset in the normalisation.
    """

    length = 7

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(count, channels, affine, **kwargs)
        fan_in = self.length * channels
        self._add_kernel("wide", (1, self.length, channels, channels), fan_in)
        self._add_kernel("tall", (self.length, 1, channels, channels), fan_in)
        self._add_normalization(channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `Operation.apply`."""
        none, both = [0, 0], [cls.length // 2] * 2
        x = tf.nn.conv2d(x, weights["wide"], [1, stride], [none, none, both, none])
        x = tf.nn.conv2d(x, weights["tall"], [stride, 1], [none, both, none, none])
        return batch_normalize(x, weights, scale, training)

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """See `Operation.fold`."""
        folded = fold(weights)
        return {
            "wide": weights["wide"],
            "tall": weights["tall"] * folded["factor"],
            "offset": folded["offset"],
        }


class _Projection(Operation):
    """1 x 1 convolution and normalisation; the input may have other channels than the output."""

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
        self._add_normalization(channels)

    @abc.abstractmethod
    def _add_kernels(self) -> None:
        """Adds what 1 x 1 kernels the class has."""

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "input_channels": self.input_channels}


class FactorizedReduction(_Projection):
    """Halves the resolution: ReLU, two stride-2 1 x 1 convolutions side by side, normalisation.

    The second convolution looks one pixel down and right of the first, so that no pixel is lost.
    It is the skip connection at stride 2, and the preprocess after a reduction cell.

    Args:
        count: number of edges.
        channels: channels of the output, even.
        input_channels: channels of the input; `channels` if not given.
        affine: learn a scale and an offset in the normalisation.

    Raises:
        ValueError: channels is odd.
    """

    default_stride = 2

    def _add_kernels(self) -> None:
        if self.channels % 2:
            raise ValueError(f"channels must be even, received: {self.channels}")
        shape = (2, self.input_channels, self.channels // 2)
        self._add_kernel("kernels", shape, self.input_channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int = 2,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `Operation.apply`; the stride is always 2."""
        if stride != 2:
            raise ValueError(f"a factorised reduction has stride 2, received: {stride}")
        # Both at once: a 2 x 2 convolution that is zero but at its first and its last tap. At an
        # odd size its last window runs over the edge, where "SAME" puts zeros.
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
        """See `Operation.fold`."""
        folded = fold(weights)
        factors = tf.stack(tf.split(folded["factor"], 2))[:, tf.newaxis]
        return {"kernels": weights["kernels"] * factors, "offset": folded["offset"]}


class PointwiseConvolution(_Projection):
    """ReLU, 1 x 1 convolution, normalisation: the preprocess of a cell's input.

    Args:
        count: number of inputs.
        channels: channels of the output.
        input_channels: channels of the input; `channels` if not given.
        affine: learn a scale and an offset in the normalisation.
    """

    def _add_kernels(self) -> None:
        self._add_kernel("kernel", (self.input_channels, self.channels), self.input_channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int = 1,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `Operation.apply`; the stride is always 1."""
        if stride != 1:
            raise ValueError(f"a pointwise convolution has stride 1, received: {stride}")
        return batch_normalize(
            pointwise_convolution(x, weights["kernel"]), weights, scale, training
        )

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """See `Operation.fold`."""
        folded = fold(weights)
        return {"kernel": weights["kernel"] * folded["factor"], "offset": folded["offset"]}


def pointwise_convolution(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """1 x 1 convolution of x [batch, height, width, channels]; kernel [channels, outputs].

    As a matrix product, whose gradients are cheaper than those of a convolution.
    """
    flat = tf.reshape(x, [-1, kernel.shape[0]])
    return tf.reshape(flat @ kernel, [-1, *x.shape[1:3], kernel.shape[1]])


def depthwise_convolution(
    x: tf.Tensor, kernel: tf.Tensor, stride: int, dilation: int = 1
) -> tf.Tensor:
    """Depthwise convolution with symmetric padding ("same" at stride 1).

    Args:
        x: [batch, height, width, channels].
        kernel: [k, k, channels, 1], k odd.
        stride: 1 or 2.
        dilation: 1 or 2.
    """
    if stride == 2 and dilation == 2:
        # Output o reads inputs 2 o + 2 tap - (k - 1): even pixels only, which makes it an
        # undilated convolution of those. (TensorFlow has no strided dilated one.)
        return depthwise_convolution(x[:, ::2, ::2], kernel, stride=1)
    if stride == 1:
        return tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "SAME", dilations=[dilation] * 2)
    pad = [kernel.shape[0] // 2] * 2
    return tf.nn.depthwise_conv2d(x, kernel, [1, 2, 2, 1], [[0, 0], pad, pad, [0, 0]])
