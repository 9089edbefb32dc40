"""The auxiliary classifier of a child network, used in training only."""

import math

import keras
import tensorflow as tf

from snas_tf.layers.base_operation import kernel_initializer
from snas_tf.layers.normalization import BatchNormalization

_CHANNELS = (128, 768)
_WINDOWS = 2  # a side


def has_room(input_size: tuple[int, int]) -> bool:
    """Whether a map of this (height, width) is large enough for a tower: 2 x 2 or more."""
    return min(input_size) >= _WINDOWS


@keras.saving.register_keras_serializable("snas_tf")
class AuxiliaryTower(keras.layers.Layer):
    """Auxiliary classifier at two thirds of the depth (Section 3.2, after Zoph et al., 2018).

    ReLU, 5 x 5 average pool to 2 x 2, 1 x 1 convolution to 128 channels, normalization, ReLU,
    2 x 2 convolution to 768, normalization, ReLU, dense layer. The pool's stride is 3 on CIFAR's
    8 x 8 and 2 on 7 x 7; on other sizes its two windows a side keep 5/8 of the side.

    Args:
        num_classes: classes of the images.
        input_size: (height, width) of the map, 2 or more.
        input_channels: channels of the map.
        kwargs: those of a layer of Keras; the dense layer is float32 whatever `dtype` is.

    Raises:
        ValueError: the map is too small.
    """

    def __init__(
        self, num_classes: int, input_size: tuple[int, int], input_channels: int, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        if not has_room(input_size):
            raise ValueError(f"input_size must be at least 2 x 2, received: {input_size}")
        self.num_classes = num_classes
        self.input_size = tuple(input_size)
        self.input_channels = input_channels
        window = tuple(min(math.ceil(5 * side / 8), side - 1) for side in input_size)
        stride = tuple(side - one for side, one in zip(input_size, window, strict=True))
        policy = self.dtype_policy
        self.layers = keras.Sequential(
            [
                keras.layers.ReLU(dtype=policy),
                keras.layers.AveragePooling2D(window, stride, dtype=policy),
                *_convolution(_CHANNELS[0], 1, input_channels, policy),
                *_convolution(_CHANNELS[1], 2, _CHANNELS[0], policy),
                keras.layers.Flatten(),
                keras.layers.Dense(
                    num_classes,
                    kernel_initializer=kernel_initializer(_CHANNELS[1]),
                    bias_initializer=kernel_initializer(_CHANNELS[1]),
                ),
            ]
        )
        self.layers.build((None, *input_size, input_channels))
        self.built = True

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits [batch, classes] of a map [batch, height, width, channels]."""
        return self.layers(x, training=training)

    def compute_output_shape(self, *_: object) -> tuple:
        """[batch, classes]."""
        return (None, self.num_classes)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = {
            "num_classes": self.num_classes,
            "input_size": self.input_size,
            "input_channels": self.input_channels,
        }
        return {**super().get_config(), **config}


def _convolution(
    channels: int, kernel_size: int, input_channels: int, policy: keras.DTypePolicy
) -> list[keras.layers.Layer]:
    return [
        keras.layers.Conv2D(
            channels,
            kernel_size,
            use_bias=False,
            kernel_initializer=kernel_initializer(kernel_size**2 * input_channels),
            dtype=policy,
        ),
        BatchNormalization(dtype=policy),
        keras.layers.ReLU(dtype=policy),
    ]
