"""The candidate operations (Appendix G.1), each for all the edges of a cell at once.

One layer holds one operation for `count` edges, the kernels of the edges stacked along the first
axis. The edges of a cell depend on one another, so a cell *binds* its layers at the start of a
pass (one read for each variable), applies them edge by edge in the order of the graph, and
*commits* the moving statistics at the end. Calling a layer does all three for a list of inputs.

Order ReLU-convolution-normalisation. The ReLU is applied by the caller of a bound operation,
because all edges that leave a node share it. Padding is symmetric at every stride.
"""

import abc
import math

import keras
import tensorflow as tf

from snas_tf.layers.normalization import BoundNormalization, StackedBatchNormalization


def kernel_initializer(fan_in: int) -> keras.initializers.Initializer:
    """U(-b, b) with b = 1 / sqrt(fan_in): PyTorch's default, which the paper's settings go with."""
    bound = 1.0 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-bound, bound)


class Operation(keras.layers.Layer, abc.ABC):
    """One operation for `count` edges of a cell.

    Args:
        count: number of edges.
        channels: channels of input and output.
        affine: learn a scale and an offset in the normalisations, as the child does.

    Raises:
        ValueError: count or channels is not positive.
    """

    rectified = True
    """Whether a bound operation expects ReLU(x) rather than x."""

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if count < 1 or channels < 1:
            raise ValueError(
                f"count and channels must be positive, received: count={count}, channels={channels}"
            )
        self.count = count
        self.channels = channels
        self.affine = affine
        self.built = True

    @abc.abstractmethod
    def bind(self, training: bool) -> "BoundOperation":
        """Reads the variables once for a pass through the cell."""

    def call(
        self, inputs: list[tf.Tensor], stride: int = 1, training: bool = False
    ) -> list[tf.Tensor]:
        """Applies edge e's operation to inputs[e] [batch, height, width, channels].

        Returns:
            For each edge [batch, ceil(height / stride), ceil(width / stride), channels].
        """
        if len(inputs) != self.count:
            raise ValueError(f"expected {self.count} inputs, received: {len(inputs)}")
        bound = self.bind(training)
        inputs = [tf.nn.relu(x) for x in inputs] if self.rectified else inputs
        outputs = [bound(x, edge, stride) for edge, x in enumerate(inputs)]
        bound.commit()
        return outputs

    def compute_output_shape(self, input_shape: list[tuple], stride: int = 1) -> list[tuple]:
        """[batch, height, width, channels] of each edge's output."""
        return [
            (batch, _divide(height, stride), _divide(width, stride), self.channels)
            for batch, height, width, _ in input_shape
        ]

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = {"count": self.count, "channels": self.channels, "affine": self.affine}
        return {**super().get_config(), **config}


def _divide(length: int | None, stride: int) -> int | None:
    return None if length is None else math.ceil(length / stride)


class BoundOperation(abc.ABC):
    """An operation's tensors during one pass; see the module's docstring."""

    def __init__(self, normalize: BoundNormalization) -> None:
        self.normalize = normalize

    @abc.abstractmethod
    def __call__(
        self, x: tf.Tensor, edge: int, stride: int, scale: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Applies edge `edge`'s operation.

        Args:
            x: [batch, height, width, channels], rectified if the layer says `rectified`.
            edge: index of the edge in the stack.
            stride: 1 or 2.
            scale: factors [channels] of the last normalisation, in place of a learned scale.
        """

    def commit(self) -> None:
        """Stores the moving statistics of the pass."""
        self.normalize.commit()


class SeparableConvolution(Operation):
    """(ReLU, depthwise k x k, pointwise, normalisation), `repeats` times.

    The stride is in the first depthwise convolution only. With dilation 2 and one repeat this is
    the dilated separable convolution.

    Args:
        count: number of edges.
        channels: channels of input and output.
        kernel_size: 3, 5 or 7.
        dilation: 1 or 2.
        repeats: 2 for the separable, 1 for the dilated convolution.
        affine: learn a scale and an offset in the normalisations.
    """

    def __init__(
        self,
        count: int,
        channels: int,
        kernel_size: int,
        dilation: int = 1,
        repeats: int = 2,
        affine: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(count, channels, affine, **kwargs)
        if kernel_size % 2 == 0 or dilation not in (1, 2) or repeats < 1:
            raise ValueError(
                "kernel_size must be odd, dilation 1 or 2 and repeats positive, received: "
                f"kernel_size={kernel_size}, dilation={dilation}, repeats={repeats}"
            )
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.repeats = repeats
        stages = count * repeats
        self.depthwise = self.add_weight(
            name="depthwise",
            shape=(stages, kernel_size, kernel_size, channels, 1),
            initializer=kernel_initializer(kernel_size**2),
        )
        self.pointwise = self.add_weight(
            name="pointwise",
            shape=(stages, 1, 1, channels, channels),
            initializer=kernel_initializer(channels),
        )
        self.normalization = StackedBatchNormalization(stages, channels, affine)

    def bind(self, training: bool) -> "_BoundSeparableConvolution":
        """Unstacks the kernels."""
        return _BoundSeparableConvolution(self, training)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = {
            "kernel_size": self.kernel_size,
            "dilation": self.dilation,
            "repeats": self.repeats,
        }
        return {**super().get_config(), **config}


class _BoundSeparableConvolution(BoundOperation):
    def __init__(self, layer: SeparableConvolution, training: bool) -> None:
        super().__init__(layer.normalization.bind(training))
        self._repeats, self._dilation = layer.repeats, layer.dilation
        self._depthwise = tf.unstack(layer.depthwise.value)
        self._pointwise = tf.unstack(layer.pointwise.value)

    def __call__(
        self, x: tf.Tensor, edge: int, stride: int, scale: tf.Tensor | None = None
    ) -> tf.Tensor:
        first, last = edge * self._repeats, (edge + 1) * self._repeats - 1
        for stage in range(first, last + 1):
            if stage > first:
                x, stride = tf.nn.relu(x), 1
            x = depthwise_convolution(x, self._depthwise[stage], stride, self._dilation)
            x = tf.nn.conv2d(x, self._pointwise[stage], 1, "VALID")
            x = self.normalize(x, stage, scale if stage == last else None)
        return x


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
        # Output o reads inputs 2 (o + tap) - (k - 1): even pixels only, which makes it an
        # undilated convolution of those. (TensorFlow has no strided dilated one.)
        return depthwise_convolution(x[:, ::2, ::2], kernel, stride=1)
    if stride == 1:
        return tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "SAME", dilations=[dilation] * 2)
    pad = [kernel.shape[0] // 2] * 2
    return tf.nn.depthwise_conv2d(x, kernel, [1, 2, 2, 1], [[0, 0], pad, pad, [0, 0]])


class FactorizedReduction(Operation):
    """Halves the resolution: ReLU, two stride-2 1 x 1 convolutions side by side, normalisation.

    The second convolution looks one pixel down and right of the first, so that no pixel is lost.
    It is the skip connection at stride 2, and the preprocess after a reduction cell.

    Args:
        count: number of edges.
        channels: channels of the output, even.
        input_channels: channels of the input; `channels` if not given.
        affine: learn a scale and an offset in the normalisation.
    """

    def __init__(
        self,
        count: int,
        channels: int,
        input_channels: int | None = None,
        affine: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(count, channels, affine, **kwargs)
        if channels % 2:
            raise ValueError(f"channels must be even, received: {channels}")
        self.input_channels = input_channels or channels
        self.kernels = self.add_weight(
            name="kernels",
            shape=(2 * count, 1, 1, self.input_channels, channels // 2),
            initializer=kernel_initializer(self.input_channels),
        )
        self.normalization = StackedBatchNormalization(count, channels, affine)

    def call(
        self, inputs: list[tf.Tensor], stride: int = 2, training: bool = False
    ) -> list[tf.Tensor]:
        """As `Operation.call`, with the only stride there is as the default."""
        return super().call(inputs, stride, training)

    def bind(self, training: bool) -> "_BoundFactorizedReduction":
        """Unstacks the kernels."""
        return _BoundFactorizedReduction(self, training)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "input_channels": self.input_channels}


class _BoundFactorizedReduction(BoundOperation):
    def __init__(self, layer: FactorizedReduction, training: bool) -> None:
        super().__init__(layer.normalization.bind(training))
        self._kernels = tf.unstack(layer.kernels.value)

    def __call__(
        self, x: tf.Tensor, edge: int, stride: int = 2, scale: tf.Tensor | None = None
    ) -> tf.Tensor:
        if stride != 2:
            raise ValueError(f"a factorised reduction has stride 2, received: {stride}")
        # At an odd size the shifted grid runs one pixel over the edge, where there is zero.
        odd = [[0, x.shape[axis] % 2] for axis in (1, 2)]
        shifted = tf.pad(x, [[0, 0], *odd, [0, 0]])[:, 1::2, 1::2]
        halves = [
            tf.nn.conv2d(x[:, ::2, ::2], self._kernels[2 * edge], 1, "VALID"),
            tf.nn.conv2d(shifted, self._kernels[2 * edge + 1], 1, "VALID"),
        ]
        return self.normalize(tf.concat(halves, axis=-1), edge, scale)


class PointwiseConvolution(Operation):
    """ReLU, 1 x 1 convolution, normalisation: the preprocess of a cell's input.

    Args:
        count: number of inputs.
        channels: channels of the output.
        input_channels: channels of the input.
        affine: learn a scale and an offset in the normalisation.
    """

    def __init__(
        self,
        count: int,
        channels: int,
        input_channels: int,
        affine: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(count, channels, affine, **kwargs)
        self.input_channels = input_channels
        self.kernels = self.add_weight(
            name="kernels",
            shape=(count, 1, 1, input_channels, channels),
            initializer=kernel_initializer(input_channels),
        )
        self.normalization = StackedBatchNormalization(count, channels, affine)

    def bind(self, training: bool) -> "_BoundPointwiseConvolution":
        """Unstacks the kernels."""
        return _BoundPointwiseConvolution(self, training)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "input_channels": self.input_channels}


class _BoundPointwiseConvolution(BoundOperation):
    def __init__(self, layer: PointwiseConvolution, training: bool) -> None:
        super().__init__(layer.normalization.bind(training))
        self._kernels = tf.unstack(layer.kernels.value)

    def __call__(
        self, x: tf.Tensor, edge: int, stride: int = 1, scale: tf.Tensor | None = None
    ) -> tf.Tensor:
        if stride != 1:
            raise ValueError(f"a pointwise convolution has stride 1, received: {stride}")
        return self.normalize(tf.nn.conv2d(x, self._kernels[edge], 1, "VALID"), edge, scale)


class Pooling(Operation):
    """3 x 3 max or average pooling, then normalisation. The average does not count padding.

    Args:
        count: number of maps pooled.
        channels: channels of input and output.
        mode: "max" or "average".
        affine: learn a scale and an offset in the normalisation.
    """

    rectified = False

    def __init__(
        self, count: int, channels: int, mode: str, affine: bool = False, **kwargs: object
    ) -> None:
        super().__init__(count, channels, affine, **kwargs)
        if mode not in ("max", "average"):
            raise ValueError(f"mode must be 'max' or 'average', received: {mode!r}")
        self.mode = mode
        self.normalization = StackedBatchNormalization(count, channels, affine)

    def bind(self, training: bool) -> "_BoundPooling":
        """There is nothing to read but the normalisation."""
        return _BoundPooling(self, training)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "mode": self.mode}


class _BoundPooling(BoundOperation):
    def __init__(self, layer: Pooling, training: bool) -> None:
        super().__init__(layer.normalization.bind(training))
        self._pool = {"max": max_pool, "average": average_pool}[layer.mode]

    def __call__(
        self, x: tf.Tensor, edge: int, stride: int, scale: tf.Tensor | None = None
    ) -> tf.Tensor:
        return self.normalize(self._pool(x, stride), edge, scale)


_PAD_ONE = [[0, 0], [1, 1], [1, 1], [0, 0]]


def max_pool(x: tf.Tensor, stride: int) -> tf.Tensor:
    """3 x 3 maximum of x [batch, height, width, channels], symmetric padding."""
    return tf.nn.max_pool2d(x, 3, stride, _PAD_ONE)


def average_pool(x: tf.Tensor, stride: int) -> tf.Tensor:
    """3 x 3 mean of x [batch, height, width, channels] over the pixels that exist."""
    if stride == 1:
        return tf.nn.avg_pool2d(x, 3, 1, "SAME")
    # "SAME" would pad an even side on the right only: pad by hand, then undo the padding's zeros.
    pooled = tf.nn.avg_pool2d(tf.pad(x, _PAD_ONE), 3, stride, "VALID")
    present = tf.pad(tf.ones([1, *x.shape[1:3], 1]), _PAD_ONE)
    return pooled / tf.nn.avg_pool2d(present, 3, stride, "VALID")
