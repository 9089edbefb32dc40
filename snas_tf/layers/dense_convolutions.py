"""The operations that convolve over all channels at once."""

import tensorflow as tf

from snas_tf.architecture.operations import narrow
from snas_tf.layers.base_operation import BaseOperation, Weights
from snas_tf.layers.normalization import batch_normalize
from snas_tf.layers.projections import pointwise_convolution


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

    folded_kernel = "kernel"

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

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "kernel_size": self.kernel_size}


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
