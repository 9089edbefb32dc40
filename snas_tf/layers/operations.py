"""The candidate operations (Appendix G.1), each a layer for all the edges of a cell at once.

A layer holds one operation for `count` edges, their weights stacked along the first axis: a
network of a thousand small layers would take minutes to build and trace. A pass through a cell
*unstacks* each layer once, *applies* the operation edge by edge in the order of the graph, and
*commits* the new moving statistics once. Calling a layer does all three.

The order is ReLU-convolution-normalisation; `apply` expects the ReLU done, because all edges that
leave a node share it. Padding is symmetric at every stride.
"""

import abc
import math

import keras
import tensorflow as tf

from snas_tf.layers.normalization import batch_normalize

Weights = dict[str, tf.Tensor]
"""The weights of one edge, by name."""


def kernel_initializer(fan_in: int) -> keras.initializers.Initializer:
    """U(-b, b) with b = 1 / sqrt(fan_in): PyTorch's default, which the paper's settings go with."""
    bound = 1.0 / math.sqrt(fan_in)
    return keras.initializers.RandomUniform(-bound, bound)


class Operation(keras.layers.Layer, abc.ABC):
    """One operation for `count` edges of a cell.

    Args:
        count: number of edges.
        channels: channels of the output.
        affine: learn a scale and an offset in the normalisations, as the child does.

    Raises:
        ValueError: count or channels is not positive.
    """

    rectified = True
    """Whether `apply` expects ReLU(x) rather than x."""

    default_stride = 1

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if count < 1 or channels < 1:
            raise ValueError(
                f"count and channels must be positive, received: count={count}, channels={channels}"
            )
        self.count = count
        self.channels = channels
        self.affine = affine
        self.stacks: dict[str, keras.Variable] = {}
        self.built = True

    def _add_kernel(self, name: str, shape: tuple[int, ...], fan_in: int) -> None:
        self.stacks[name] = self.add_weight(
            name=name, shape=(self.count, *shape), initializer=kernel_initializer(fan_in)
        )

    def _add_normalization(self, *shape: int) -> None:
        shape = (self.count, *shape)
        # Each replica assigns the statistics of its own images; "mean" makes one value of them.
        for name, initial in {"mean": "zeros", "variance": "ones"}.items():
            self.stacks[name] = self.add_weight(
                name=name, shape=shape, initializer=initial, trainable=False, aggregation="mean"
            )
        if self.affine:
            for name, initial in {"gamma": "ones", "beta": "zeros"}.items():
                self.stacks[name] = self.add_weight(name=name, shape=shape, initializer=initial)

    def unstack(self) -> list[Weights]:
        """The weights of each edge."""
        stacks = {name: tf.unstack(variable.value) for name, variable in self.stacks.items()}
        return [{name: stacks[name][edge] for name in stacks} for edge in range(self.count)]

    def commit(self, statistics: list[Weights]) -> None:
        """Stores the moving statistics of each edge, as `apply` returned them."""
        for name in ("mean", "variance"):
            self.stacks[name].assign(tf.stack([edge[name] for edge in statistics]))

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
        """Applies the operation of one edge.

        Args:
            x: [batch, height, width, channels], rectified if the class says so.
            weights: the edge's, from `unstack`.
            stride: 1 or 2.
            scale: factors [channels] of the result: the edge's z.
            training: normalise with the batch's statistics.

        Returns:
            The result [batch, ceil(height / stride), ceil(width / stride), channels], and the new
            moving statistics.
        """

    def call(
        self, inputs: list[tf.Tensor], stride: int | None = None, training: bool = False
    ) -> list[tf.Tensor]:
        """Applies edge e's operation to inputs[e] [batch, height, width, channels]."""
        if len(inputs) != self.count:
            raise ValueError(f"expected {self.count} inputs, received: {len(inputs)}")
        stride = stride or self.default_stride
        inputs = [tf.nn.relu(x) for x in inputs] if self.rectified else inputs
        results = [
            self.apply(x, weights, stride, training=training)
            for x, weights in zip(inputs, self.unstack(), strict=True)
        ]
        if training:
            self.commit([statistics for _, statistics in results])
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

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "kernel_size": self.kernel_size}


class DilatedConvolution(SeparableConvolution):
    """(ReLU, depthwise k x k with dilation 2, pointwise, normalisation), once."""

    repeats = 1
    dilation = 2


class FactorizedReduction(Operation):
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
        self._add_kernel("kernels", (2, self.input_channels, channels // 2), self.input_channels)
        self._add_normalization(channels)

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

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "input_channels": self.input_channels}


class PointwiseConvolution(Operation):
    """ReLU, 1 x 1 convolution, normalisation: the preprocess of a cell's input.

    Args:
        count: number of inputs.
        channels: channels of the output.
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
        self.input_channels = input_channels or channels
        self._add_kernel("kernel", (self.input_channels, channels), self.input_channels)
        self._add_normalization(channels)

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

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "input_channels": self.input_channels}


class Pooling(Operation):
    """3 x 3 pooling, then normalisation.

    Args:
        count: number of maps pooled.
        channels: channels of input and output.
        affine: learn a scale and an offset in the normalisation.
    """

    rectified = False

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(count, channels, affine, **kwargs)
        self._add_normalization(channels)

    @staticmethod
    @abc.abstractmethod
    def pool(x: tf.Tensor, stride: int) -> tf.Tensor:
        """Pools x [batch, height, width, channels]."""

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
        return batch_normalize(cls.pool(x, stride), weights, scale, training)


_PAD_ONE = [[0, 0], [1, 1], [1, 1], [0, 0]]


class MaxPooling(Pooling):
    """3 x 3 maximum, then normalisation."""

    @staticmethod
    def pool(x: tf.Tensor, stride: int) -> tf.Tensor:
        """The maximum over the pixels that exist."""
        if stride == 1:
            return tf.nn.max_pool2d(x, 3, 1, "SAME")
        # "SAME" would pad an even side on the right only. (The operator's own explicit padding
        # is ten times slower on CPUs.)
        padded = tf.pad(x, _PAD_ONE, constant_values=x.dtype.min)
        return tf.nn.max_pool2d(padded, 3, stride, "VALID")


class AveragePooling(Pooling):
    """3 x 3 mean, then normalisation."""

    @staticmethod
    def pool(x: tf.Tensor, stride: int) -> tf.Tensor:
        """The mean over the pixels that exist: padding does not count."""
        if stride == 1:
            return tf.nn.avg_pool2d(x, 3, 1, "SAME")
        # As above; then the zeros are taken out of the count.
        present = tf.pad(tf.ones([1, *x.shape[1:3], 1]), _PAD_ONE)
        count = tf.nn.avg_pool2d(present, 3, stride, "VALID")
        return tf.nn.avg_pool2d(tf.pad(x, _PAD_ONE), 3, stride, "VALID") / count


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


_CLASSES: dict[str, tuple[type[Operation], dict[str, int]]] = {
    "max_pool_3x3": (MaxPooling, {}),
    "avg_pool_3x3": (AveragePooling, {}),
    "sep_conv_3x3": (SeparableConvolution, {"kernel_size": 3}),
    "sep_conv_5x5": (SeparableConvolution, {"kernel_size": 5}),
    "dil_conv_3x3": (DilatedConvolution, {"kernel_size": 3}),
    "dil_conv_5x5": (DilatedConvolution, {"kernel_size": 5}),
    "skip_connect": (FactorizedReduction, {}),
}


def create(name: str, count: int, channels: int, affine: bool = False) -> Operation:
    """The layer of a candidate for `count` edges; a skip connection has one at stride 2 only."""
    layer, arguments = _CLASSES[name]
    return layer(count, channels, affine=affine, name=name, **arguments)


def class_of(name: str) -> type[Operation]:
    """The class whose `apply` runs a candidate."""
    return _CLASSES[name][0]
