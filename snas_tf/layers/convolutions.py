"""The operations that convolve with kernels larger than 1 x 1."""

import tensorflow as tf

from snas_tf.architecture.operations import narrow
from snas_tf.layers.base_operation import BaseOperation, Weights
from snas_tf.layers.depthwise import depthwise_convolution
from snas_tf.layers.normalization import batch_normalize, fold
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

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """See `BaseOperation.fold`."""
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
    """(ReLU, depthwise k x k with dilation 2, pointwise, normalization), once."""

    repeats = 1
    dilation = 2
    # That saves a quarter of all memory and costs 2 % of a step.
    recomputed = True


class DilatedSeparableConvolution(SeparableConvolution):
    """(ReLU, depthwise k x k with dilation 2, pointwise, normalization) twice: AmoebaNet-B's."""

    dilation = 2


class BottleneckConvolution(BaseOperation):
    """(ReLU, convolution, normalization) of 1 x 1, 3 x 3, 1 x 1, with few channels between.

    It is AmoebaNet's `3x3`; the stride is in the second. The three normalizations lie one after
    another in each of the weights.

    Args:
        count: number of edges.
        channels: channels of input and output.
        affine: learn a scale and an offset in the normalizations.
    """

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(count, channels, affine, **kwargs)
        within = narrow(channels)
        self.add_kernel("reduce", (channels, within), channels)
        self.add_kernel("kernel", (3, 3, within, within), 3 * 3 * within)
        self.add_kernel("expand", (within, channels), within)
        self.add_normalization(2 * within + channels)

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
        channels, within = weights["reduce"].shape
        kernels = {name: weights[name] for name in ("reduce", "kernel", "expand")}
        split = {
            name: tf.split(weights[name], [within, within, channels])
            for name in weights.keys() - kernels.keys()
        }
        first, second, third = ({name: split[name][i] for name in split} for i in range(3))
        x, new_first = batch_normalize(
            pointwise_convolution(x, kernels["reduce"]), first, None, training
        )
        x = dense_convolution(tf.nn.relu(x), kernels["kernel"], stride)
        x, new_second = batch_normalize(x, second, None, training)
        x = pointwise_convolution(tf.nn.relu(x), kernels["expand"])
        x, new_third = batch_normalize(x, third, scale, training)
        moved = (new_first, new_second, new_third)
        return x, {name: tf.concat([each[name] for each in moved], 0) for name in new_first}


class WideThenTallConvolution(BaseOperation):
    """ReLU, 1 x 7 convolution, 7 x 1 convolution, normalization: AmoebaNet's `1x7 then 7x1`.

    Each convolution strides along the length of its kernel.

    Args:
        count: number of edges.
        channels: channels of input and output.
        affine: learn a scale and an offset in the normalization.
    """

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

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """See `BaseOperation.fold`."""
        folded = fold(weights)
        return {
            "wide": weights["wide"],
            "tall": weights["tall"] * folded["factor"],
            "offset": folded["offset"],
        }


class DenseConvolution(BaseOperation):
    """ReLU, k x k convolution over all channels, normalization: NAS-Bench-201's `nor_conv`.

    Args:
        count: number of edges.
        channels: channels of input and output.
        kernel_size: k, odd.
        affine: learn a scale and an offset in the normalization.

    Raises:
        ValueError: kernel_size is even.
    """

    def __init__(
        self, count: int, channels: int, kernel_size: int, affine: bool = False, **kwargs: object
    ) -> None:
        super().__init__(count, channels, affine, **kwargs)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, received: {kernel_size}")
        self.kernel_size = kernel_size
        shape = (kernel_size, kernel_size, channels, channels)
        self.add_kernel("kernel", shape, kernel_size**2 * channels)
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
        y = dense_convolution(x, weights["kernel"], stride)
        return batch_normalize(y, weights, scale, training)

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """See `BaseOperation.fold`."""
        folded = fold(weights)
        return {"kernel": weights["kernel"] * folded["factor"], "offset": folded["offset"]}

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "kernel_size": self.kernel_size}


def dense_convolution(x: tf.Tensor, kernel: tf.Tensor, stride: int) -> tf.Tensor:
    """Convolve x [batch, height, width, channels] with kernel [k, k, channels, outputs].

    The padding is symmetric, where "SAME" pads an even side on the right only.
    """
    if kernel.shape[0] == 1:
        return pointwise_convolution(x[:, ::stride, ::stride], kernel[0, 0])
    if stride == 1:
        return tf.nn.conv2d(x, kernel, 1, "SAME")
    around = [kernel.shape[0] // 2] * 2
    return tf.nn.conv2d(x, kernel, stride, [[0, 0], around, around, [0, 0]])
