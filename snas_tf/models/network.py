"""What the parent and a child network have around their cells."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture import space
from snas_tf.layers.normalization import EPSILON, MOMENTUM
from snas_tf.layers.operation import kernel_initializer


class CellNetwork(keras.layers.Layer):
    """Channel normalisation, stem, cells, global average, dense layer (Section 3.1).

    A subclass makes the cells and runs them, from `stem_outputs` to `classify_features`.

    Args:
        plans: the cells, from `space.plan_network`.
        num_classes: classes of the images.
        mean, standard_deviation: of each channel of the training images, on the scale 0 to 255;
            part of the network, so that what is exported is what was trained.

    Raises:
        ValueError: fewer than 2 classes.
    """

    def __init__(
        self,
        plans: Sequence[space.CellPlan],
        num_classes: int,
        mean: Sequence[float] | np.ndarray,
        standard_deviation: Sequence[float] | np.ndarray,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if num_classes < 2:
            raise ValueError(f"num_classes must be at least 2, received: {num_classes}")
        self.plans = tuple(plans)
        self.num_classes = num_classes
        self.mean, self.standard_deviation = np.asarray(mean), np.asarray(standard_deviation)
        self.normalize = keras.layers.Normalization(
            mean=self.mean, variance=np.square(self.standard_deviation)
        )
        self.stem = self._make_stem()
        features = self.plans[-1].output_channels
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.classify = keras.layers.Dense(
            num_classes,
            kernel_initializer=kernel_initializer(features),
            bias_initializer=kernel_initializer(features),
        )
        images = (None, *self.plans[0].input_size, 3)
        self.normalize.build(images)
        self.stem.build(images)
        self.classify.build((None, features))
        self.built = True

    def _make_stem(self) -> keras.Sequential:
        return keras.Sequential(
            [
                keras.layers.Conv2D(
                    self.plans[0].input_channels[1],
                    3,
                    padding="same",
                    use_bias=False,
                    kernel_initializer=kernel_initializer(3 * 3 * 3),
                ),
                keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON),
            ]
        )

    def stem_outputs(
        self, images: tf.Tensor, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The two inputs of the first cell, from images uint8 [batch, height, width, 3]."""
        x = self.normalize(tf.cast(images, tf.float32))
        x = self.stem(x, training=training)
        return x, x

    def classify_features(self, x: tf.Tensor) -> tf.Tensor:
        """Logits [batch, classes] of the last cell's output [batch, height, width, channels]."""
        return self.classify(self.pool(x))

    def compute_output_shape(self, *_: object) -> tuple:
        """[batch, classes]."""
        return (None, self.num_classes)
