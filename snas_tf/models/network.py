"""The base class of parent and child networks."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture import stems
from snas_tf.architecture.search_space import NetworkPlan
from snas_tf.layers.base_operation import kernel_initializer
from snas_tf.layers.normalization import BatchNormalization
from snas_tf.layers.precision import make_policy


class CellNetwork(keras.Model):
    """Base class of networks: normalization, stem, cells, global average, dense layer.

    Where the search space's skeleton says so, a normalization and a ReLU follow the last cell.

    A subclass makes the cells and runs them, from `stem_outputs` to `classify_features`.

    Args:
        network_plan: the cells, from `SearchSpace.plan_network`.
        num_classes: classes of the images.
        mean, standard_deviation: of each channel of the training images, on the scale 0 to 255;
            part of the network, so that what is exported is what was trained.
        precision: type of the maps: float32, bfloat16 or float16. Weights, statistics, the
            normalization of the images and the classifier are float32.

    Raises:
        ValueError: fewer than 2 classes, or an unknown precision.
    """

    def __init__(
        self,
        network_plan: NetworkPlan,
        num_classes: int,
        mean: Sequence[float] | np.ndarray,
        standard_deviation: Sequence[float] | np.ndarray,
        precision: str = "float32",
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if num_classes < 2:
            raise ValueError(f"num_classes must be at least 2, received: {num_classes}")
        self.network_plan = network_plan
        self.num_classes = num_classes
        self.precision = precision
        self.policy = make_policy(precision)
        self.mean, self.standard_deviation = np.asarray(mean), np.asarray(standard_deviation)
        self.normalize = keras.layers.Normalization(
            mean=self.mean, variance=np.square(self.standard_deviation)
        )
        chains = network_plan.make_stem().chains
        self.stem = [_stem_chain(chain, self.policy) for chain in chains]
        features = network_plan[-1].output_channels
        self.normalize_output: keras.Sequential | None = None
        if network_plan.space.skeleton.normalizes_output:
            self.normalize_output = _output_chain(features, self.policy)
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.classify = keras.layers.Dense(
            num_classes,
            kernel_initializer=kernel_initializer(features),
            bias_initializer=kernel_initializer(features),
        )
        self._build_ends(features)
        self.built = True

    def _build_ends(self, features: int) -> None:
        """Build all layers but the cells, for this number of channels of the last cell."""
        shape = (None, *self.network_plan.image_size, 3)
        self.normalize.build(shape)
        for chain in self.stem:
            chain.build(shape)
            shape = chain.compute_output_shape(shape)
        self.pool.build((None, *self.network_plan[-1].output_size, features))
        self.classify.build((None, features))

    def stem_outputs(self, images: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, ...]:
        """The inputs of the first cell, from images uint8 [batch, height, width, 3]."""
        x = self.normalize(tf.cast(images, tf.float32))
        outputs = [x]
        for chain in self.stem:
            outputs.append(chain(outputs[-1], training=training))
        return (outputs[1], outputs[-1])[-self.network_plan[0].num_inputs :]

    def classify_features(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits [batch, classes] of the last cell's output [batch, height, width, channels]."""
        if self.normalize_output is not None:
            x = self.normalize_output(x, training=training)
        return self.classify(self.pool(x))

    def compute_output_shape(self, *_: object) -> tuple:
        """[batch, classes]."""
        return (None, self.num_classes)


def _stem_chain(chain: stems.Chain, policy: keras.DTypePolicy) -> keras.Sequential:
    layers = []
    for convolution in chain:
        layers += [
            *([keras.layers.ReLU(dtype=policy)] if convolution.rectified else []),
            # Symmetric: "same" would pad an even side on the right only.
            keras.layers.ZeroPadding2D(1, dtype=policy),
            keras.layers.Conv2D(
                convolution.output_channels,
                3,
                convolution.stride,
                use_bias=False,
                kernel_initializer=kernel_initializer(3 * 3 * convolution.input_channels),
                dtype=policy,
            ),
            BatchNormalization(dtype=policy),
        ]
    return keras.Sequential(layers)


def _output_chain(features: int, policy: keras.DTypePolicy) -> keras.Sequential:
    """Make the normalization and the ReLU of the last cell's output."""
    layers = [BatchNormalization(dtype=policy), keras.layers.ReLU(dtype=policy)]
    chain = keras.Sequential(layers)
    chain.build((None, None, None, features))
    return chain
