"""The residual block between the stages of NAS-Bench-201."""

import tensorflow as tf

from snas_tf.layers.base_operation import BaseOperation, Weights
from snas_tf.layers.dense_convolutions import dense_convolution
from snas_tf.layers.normalization import batch_normalize, fold
from snas_tf.layers.projections import pointwise_convolution


class ResidualBlock(BaseOperation):
    """Two convolutions beside a shortcut, at half the resolution (Dong and Yang, 2020).

    (ReLU, 3 x 3 convolution, normalization) twice, the first at stride 2, is added to a shortcut of
    2 x 2 average pooling and a 1 x 1 convolution. Its normalizations always have a scale and an
    offset, because no operation is chosen here.

    Args:
        count: number of inputs.
        channels: channels of the output.
        input_channels: channels of the input; `channels` if not given.
        affine: has no effect.
    """

    rectified = False
    default_stride = 2
    input_kernels = ("first", "shortcut")

    def __init__(
        self,
        count: int,
        channels: int,
        input_channels: int | None = None,
        affine: bool = True,
        **kwargs: object,
    ) -> None:
        super().__init__(count, channels, affine=True, **kwargs)
        self.input_channels = input_channels or channels
        self.add_kernel("first", (3, 3, self.input_channels, channels), 9 * self.input_channels)
        self.add_kernel("second", (3, 3, channels, channels), 9 * channels)
        self.add_kernel("shortcut", (self.input_channels, channels), self.input_channels)
        self.add_normalization(2, channels)

    @classmethod
    def apply(
        cls,
        x: tf.Tensor,
        weights: Weights,
        stride: int = 2,
        scale: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, Weights]:
        """See `BaseOperation.apply`; the stride is always 2, and there is no scale."""
        if stride != 2 or scale is not None:
            raise ValueError(
                f"a residual block has stride 2 and no scale, received: {stride}, {scale}"
            )
        normalizations = {
            name: tf.unstack(weights[name])
            for name in weights
            if name not in ("first", "second", "shortcut")
        }
        y, statistics = x, []
        for stage, kernel in enumerate(("first", "second")):
            y = dense_convolution(tf.nn.relu(y), weights[kernel], 1 if stage else stride)
            of_stage = {name: values[stage] for name, values in normalizations.items()}
            y, new = batch_normalize(y, of_stage, None, training)
            statistics.append(new)
        shortcut = tf.nn.avg_pool2d(x, 2, 2, "SAME")  # Padding is not counted.
        y += pointwise_convolution(shortcut, weights["shortcut"])
        return y, {name: tf.stack([new[name] for new in statistics]) for name in statistics[0]}

    @classmethod
    def fold(cls, weights: Weights) -> Weights:
        """See `BaseOperation.fold`."""
        folded = fold(weights)
        factors = tf.unstack(folded["factor"])
        return {
            "first": weights["first"] * factors[0],
            "second": weights["second"] * factors[1],
            "shortcut": weights["shortcut"],
            "offset": folded["offset"],
        }

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "input_channels": self.input_channels}
