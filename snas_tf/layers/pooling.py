"""The pooling operations."""

import abc

import tensorflow as tf

from snas_tf.layers import placement
from snas_tf.layers.base_operation import BaseOperation, Weights
from snas_tf.layers.normalization import batch_normalize
from snas_tf.layers.own_graph import own_graph


class Pooling(BaseOperation):
    """Pooling, then normalization.

    Args:
        count: number of maps pooled.
        channels: channels of input and output.
        affine: learn a scale and an offset in the normalization.
    """

    rectified = False
    per_node = True

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(count, channels, affine, **kwargs)
        self.add_normalization(channels)

    @staticmethod
    @abc.abstractmethod
    def pool(x: tf.Tensor, stride: int, training: bool = True) -> tf.Tensor:
        """Pool x [batch, height, width, channels]; see `depthwise_convolution` for training."""

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
        return batch_normalize(cls.pool(x, stride, training), weights, scale, training)


_PAD_ONE = [[0, 0], [1, 1], [1, 1], [0, 0]]


class MaxPooling(Pooling):
    """3 x 3 maximum, then normalization."""

    @staticmethod
    def pool(x: tf.Tensor, stride: int, training: bool = True) -> tf.Tensor:
        """The maximum over the pixels that exist."""
        if stride == 1:
            return _maximum(x, 3, 1, "SAME", training)
        # "SAME" would pad an even side on the right only. (The operator's own explicit padding
        # is ten times slower on CPUs.)
        if training:
            padded = tf.pad(x, _PAD_ONE, constant_values=x.dtype.min)
        else:
            # A border pixel twice changes no maximum; the lowest number would leave 8-bit integers
            # no step for the others. (Its gradient would differ where values are alike.)
            padded = tf.pad(x, _PAD_ONE, "SYMMETRIC")
        return _maximum(padded, 3, stride, "VALID", training)


class SmallMaxPooling(Pooling):
    """2 x 2 maximum, then normalization: AmoebaNet-B's.

    A window begins at its pixel, as no window of an even side can be symmetric.
    """

    @staticmethod
    def pool(x: tf.Tensor, stride: int, training: bool = True) -> tf.Tensor:
        """The maximum over the pixels that exist."""
        return _maximum(x, 2, stride, "SAME", training)


def _maximum(x: tf.Tensor, window: int, stride: int, padding: str, training: bool) -> tf.Tensor:
    """Maximum pooling that is recomputed in the backward pass of a training.

    oneDNN's gradient takes a tenth of the time of TensorFlow's. It is used only where the pooling
    itself is in the same graph.
    """
    if not (training and placement.uses_cpu_kernels()):
        return tf.nn.max_pool2d(x, window, stride, padding)
    return _recomputed_maximum(x, window, stride, padding)


@own_graph
def _recomputed_maximum(x: tf.Tensor, window: int, stride: int, padding: str) -> tf.Tensor:
    return tf.recompute_grad(lambda x: tf.nn.max_pool2d(x, window, stride, padding))(x)


class AveragePooling(Pooling):
    """3 x 3 mean, then normalization."""

    @staticmethod
    def pool(x: tf.Tensor, stride: int, training: bool = True) -> tf.Tensor:
        """The mean over the pixels that exist: padding does not count."""
        if stride == 1:
            return tf.nn.avg_pool2d(x, 3, 1, "SAME")
        # As above; then the sum is divided by the number of pixels that exist.
        present = tf.pad(tf.ones([1, *x.shape[1:3], 1]), _PAD_ONE)
        count = tf.cast(tf.nn.avg_pool2d(present, 3, stride, "VALID"), x.dtype)
        return tf.nn.avg_pool2d(tf.pad(x, _PAD_ONE), 3, stride, "VALID") / count


class PlainAveragePooling(BaseOperation):
    """3 x 3 mean without normalization, as in NAS-Bench-201.

    Args:
        count: number of maps pooled.
        channels: channels of input and output.
        affine: has no effect.
    """

    rectified = False
    per_node = True

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
        y = AveragePooling.pool(x, stride, training)
        return (y if scale is None else y * tf.cast(scale, y.dtype)), {}
