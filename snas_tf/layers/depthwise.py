"""Depthwise convolution that is fast on CPUs."""

from collections.abc import Callable

import tensorflow as tf

from snas_tf.layers import placement
from snas_tf.layers.own_graph import own_graph

_EVERY_PIXEL = [1, 1, 1, 1]
_EVERY_OTHER = [1, 2, 2, 1]


def depthwise_convolution(
    x: tf.Tensor, kernel: tf.Tensor, stride: int, dilation: int = 1, training: bool = True
) -> tf.Tensor:
    """Depthwise convolution with symmetric padding ("same" at stride 1).

    Args:
        x: [batch, height, width, channels].
        kernel: [k, k, channels, 1], k odd.
        stride: 1 or 2.
        dilation: 1 or 2.
        training: whether there will be a gradient. If so, TensorFlow's plain operations are used
            on a GPU and by XLA, and wide kernels have a custom gradient on a CPU. If not, the graph
            is the same everywhere, because it may be exported; TensorFlow warns of custom gradients
            when it loads a SavedModel.
    """
    detours = training and placement.uses_cpu_kernels()
    plain = training and not detours
    if stride == 2 and dilation == 2:
        # Output o reads inputs 2 o + 2 tap - (k - 1): even pixels only, which makes it an
        # undilated convolution of those. (TensorFlow has no strided dilated one.) Pooling one
        # pixel each takes x[:, ::2, ::2] in a tenth of a slice's time on a CPU.
        even = x[:, ::2, ::2] if plain else tf.nn.avg_pool2d(x, 1, 2, "VALID")
        return _same(even, kernel, detours)
    if stride == 2:
        if detours and _has_slow_gradient(x, kernel):
            return _strided(x, kernel)
        return tf.nn.depthwise_conv2d(x, kernel, _EVERY_OTHER, _pad_all(kernel))
    if dilation == 2:
        return _dilated_plain(x, kernel) if plain else _dilated(x, kernel, detours)
    return _same(x, kernel, detours)


def _dilated(x: tf.Tensor, kernel: tf.Tensor, detours: bool) -> tf.Tensor:
    """Depthwise convolution with dilation 2.

    Even rows are convolved with even rows only, and odd with odd ones, so each half becomes a
    separate image. Even and odd columns become separate channels, which needs no copy.
    """
    height, width, channels = x.shape[1:]
    if height % 2 or width % 2:
        return _dilated_odd(x, kernel) if detours else _dilated_plain(x, kernel)
    halves = tf.transpose(tf.reshape(x, [-1, height // 2, 2, width * channels]), [0, 2, 1, 3])
    y = _same(
        tf.reshape(halves, [-1, height // 2, width // 2, 2 * channels]),
        tf.concat([kernel, kernel], axis=2),
        detours,
    )
    halves = tf.reshape(y, [-1, 2, height // 2, width * channels])
    return tf.reshape(tf.transpose(halves, [0, 2, 1, 3]), [-1, height, width, channels])


def _dilated_odd(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Depthwise convolution with dilation 2 of images whose height or width is odd.

    Even and odd rows and columns become separate images, as in TensorFlow's own, but the gradient
    is that of `_same`.
    """
    zeros = [[0, x.shape[1] % 2], [0, x.shape[2] % 2]]
    parts = _same(tf.space_to_batch(x, [2, 2], zeros), kernel, detours=True)
    return tf.batch_to_space(parts, [2, 2], zeros)


def _dilated_plain(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    return tf.nn.depthwise_conv2d(x, kernel, _EVERY_PIXEL, "SAME", dilations=[2, 2])


def _same(x: tf.Tensor, kernel: tf.Tensor, detours: bool) -> tf.Tensor:
    """Depthwise convolution at stride 1."""
    if detours and _has_slow_gradient(x, kernel):
        return _with_gradient(x, kernel)
    return tf.nn.depthwise_conv2d(x, kernel, _EVERY_PIXEL, "SAME")


def _has_slow_gradient(x: tf.Tensor, kernel: tf.Tensor) -> bool:
    """Whether a custom gradient is faster: for wide kernels, on most maps, and for short types."""
    return kernel.shape[1] > 3 or x.dtype != tf.float32


@own_graph
@tf.custom_gradient
def _with_gradient(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if x.dtype == tf.float32:
            of_x = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
                input_sizes=tf.shape(x),
                filter=kernel,
                out_backprop=upstream,
                strides=_EVERY_PIXEL,
                padding="SAME",
            )
        else:  # The same, in half the time and less.
            flipped = tf.reverse(kernel, [0, 1])
            of_x = tf.nn.depthwise_conv2d(upstream, flipped, _EVERY_PIXEL, "SAME")
        of_kernel = _kernel_gradient(_for_kernel(x), _for_kernel(upstream), kernel.shape[0])
        return of_x, tf.cast(of_kernel, kernel.dtype)

    return tf.nn.depthwise_conv2d(x, kernel, _EVERY_PIXEL, "SAME"), gradient


@own_graph
@tf.custom_gradient
def _strided(x: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Depthwise convolution at stride 2.

    oneDNN has no gradients of convolutions with explicit padding, so the image is padded before.
    Those of short types would take ten times as long as those of float32, but where a kernel's is
    computed in strips of three columns.
    """

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        padded = tf.pad(x, _pad_all(kernel))
        of_padded = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.shape(padded),
            filter=tf.cast(kernel, tf.float32),
            out_backprop=tf.cast(upstream, tf.float32),
            strides=_EVERY_OTHER,
            padding="VALID",
        )
        pad = kernel.shape[0] // 2
        of_x = of_padded[:, pad:-pad, pad:-pad]
        of_kernel = _strided_kernel_gradient(padded, upstream, kernel.shape[0])
        return tf.cast(of_x, x.dtype), tf.cast(of_kernel, kernel.dtype)

    return tf.nn.depthwise_conv2d(x, kernel, _EVERY_OTHER, _pad_all(kernel)), gradient


def _strided_kernel_gradient(padded: tf.Tensor, upstream: tf.Tensor, size: int) -> tf.Tensor:
    """Compute the gradient [k, k, channels, 1] of a kernel at stride 2, as `_kernel_gradient`."""
    padded, upstream = _for_kernel(padded), _for_kernel(upstream)
    read = 2 * upstream.shape[2] + 1  # columns, by a strip
    strips: list[tf.Tensor] = []
    for first in range(0, size - 2, 2):
        strip = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
            input=padded[:, :, first : first + read],
            filter_sizes=[size, 3, padded.shape[-1], 1],
            out_backprop=upstream,
            strides=_EVERY_OTHER,
            padding="VALID",
        )
        strips.append(strip[:, 1:] if strips else strip)
    return tf.concat(strips, axis=1)


def _for_kernel(x: tf.Tensor) -> tf.Tensor:
    """Cast float16, of which the gradient of a kernel takes a hundred times as long."""
    return tf.cast(x, tf.float32) if x.dtype == tf.float16 else x


def _pad_all(kernel: tf.Tensor) -> list[list[int]]:
    pad = [kernel.shape[0] // 2] * 2
    return [[0, 0], pad, pad, [0, 0]]


def _kernel_gradient(x: tf.Tensor, upstream: tf.Tensor, size: int) -> tf.Tensor:
    """Compute the gradient [k, k, channels, 1] of a kernel.

    oneDNN takes six to nine times as long for a kernel of more than three columns as for its
    strips of three, which overlap by a column. The strip around `center` is applied to the columns
    of x that are `center` further right. For a kernel of more rows than x, oneDNN takes two to
    forty times as long as for an x with rows of zeros below.
    """
    reach = size // 2 - 1
    x, upstream = _pad_rows(x, size), _pad_rows(upstream, size)
    x = _pad_columns(x, reach, reach)
    strips: list[tf.Tensor] = []
    for center in range(-reach, reach + 1, 2):
        strip = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
            input=x,
            filter_sizes=[size, 3, x.shape[-1], 1],
            out_backprop=_pad_columns(upstream, reach + center, reach - center),
            strides=_EVERY_PIXEL,
            padding="SAME",
        )
        strips.append(strip[:, 1:] if strips else strip)
    return tf.concat(strips, axis=1)


def _pad_rows(x: tf.Tensor, rows: int) -> tf.Tensor:
    """Add rows of zeros below x until it has at least `rows`."""
    missing = max(rows - x.shape[1], 0)
    return tf.pad(x, [[0, 0], [0, missing], [0, 0], [0, 0]]) if missing else x


def _pad_columns(x: tf.Tensor, left: int, right: int) -> tf.Tensor:
    return tf.pad(x, [[0, 0], [0, 0], [left, right], [0, 0]])
