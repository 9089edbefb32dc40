"""The parent network: every child at once, weighed by Z."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture import space
from snas_tf.layers.cells import SearchCell
from snas_tf.layers.normalization import EPSILON, MOMENTUM
from snas_tf.layers.operation import kernel_initializer


class ParentNetwork(keras.layers.Layer):
    """Channel normalisation, stem, search cells, global average, dense layer (Section 3.1).

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
        plans: tuple[space.CellPlan, ...],
        num_classes: int,
        mean: np.ndarray,
        standard_deviation: np.ndarray,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if num_classes < 2:
            raise ValueError(f"num_classes must be at least 2, received: {num_classes}")
        self.plans = plans
        self.num_classes = num_classes
        self.mean, self.standard_deviation = mean, standard_deviation
        self.normalize = keras.layers.Normalization(
            mean=mean, variance=np.square(standard_deviation)
        )
        stem_channels = plans[0].input_channels[1]
        self.stem = keras.Sequential(
            [
                keras.layers.Conv2D(
                    stem_channels,
                    3,
                    padding="same",
                    use_bias=False,
                    kernel_initializer=kernel_initializer(3 * 3 * 3),
                ),
                keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON),
            ]
        )
        self.cells = [SearchCell(plan, name=f"cell_{plan.index}") for plan in plans]
        features = space.NUM_INTERMEDIATE * plans[-1].channels
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.classify = keras.layers.Dense(
            num_classes,
            kernel_initializer=kernel_initializer(features),
            bias_initializer=kernel_initializer(features),
        )
        self._build(features)

    def _build(self, features: int) -> None:
        images = (None, *self.plans[0].input_size, 3)
        self.normalize.build(images)
        self.stem.build(images)
        self.classify.build((None, features))
        self.built = True

    def call(
        self, images: tf.Tensor, z: Mapping[str, tf.Tensor], training: bool = False
    ) -> tf.Tensor:
        """Logits [batch, classes].

        Args:
            images: uint8 [batch, height, width, 3].
            z: for each kind of cell, the draw [edges = 14, operations = 8].
            training: normalise with the batch's statistics.
        """
        x = self.normalize(tf.cast(images, tf.float32))
        before = x = self.stem(x, training=training)
        for cell in self.cells:
            before, x = x, cell((before, x), z[cell.plan.kind], training=training)
        return self.classify(self.pool(x))

    def compute_output_shape(self, *_: object) -> tuple:
        """[batch, classes]."""
        return (None, self.num_classes)
