"""A network of keras.applications, trained like a child."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture.cost import Cost
from snas_tf.layers.normalization import MOMENTUM, BatchNormalization, average_statistics
from snas_tf.layers.precision import make_policy
from snas_tf.models import layer_cost

_ARGUMENTS = {"MobileNet": {"dropout": 0.0}}
"""Further arguments by network. MobileNet has no dropout: Keras' is no function of the step."""


@keras.saving.register_keras_serializable("snas_tf")
class ApplicationNetwork(keras.Model):
    """A network of `keras.applications` with the interface of `ChildNetwork`, initialized anew.

    Its normalizations have the momentum of a child's, and statistics that replicas share.
    Everything else is as in Keras, except that MobileNet has no dropout (0.001 in Keras).

    Args:
        application: name of the function in `keras.applications`.
        image_size: (height, width) of the images.
        num_classes: classes of the images.
        mean, standard_deviation, precision: see `CellNetwork`.
    """

    def __init__(
        self,
        application: str,
        image_size: tuple[int, int],
        num_classes: int,
        mean: Sequence[float] | np.ndarray,
        standard_deviation: Sequence[float] | np.ndarray,
        precision: str = "float32",
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.application = application
        self.image_size = tuple(image_size)
        self.num_classes = num_classes
        self.precision = precision
        self.mean, self.standard_deviation = np.asarray(mean), np.asarray(standard_deviation)
        original = getattr(keras.applications, application)(
            weights=None,
            input_shape=(*self.image_size, 3),
            classes=num_classes,
            classifier_activation=None,
            **_ARGUMENTS.get(application, {}),
        )
        clone = functools.partial(_clone, policy=make_policy(precision), last=original.layers[-1])
        self.body = keras.models.clone_model(original, clone_function=clone)
        self.built = True

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits [batch, classes] of images uint8 [batch, height, width, 3]."""
        # Constants of NumPy: an export as ONNX would take those of Keras' layer for inputs.
        mean, deviation = np.float32(self.mean), np.float32(self.standard_deviation)
        logits = self.body((tf.cast(images, tf.float32) - mean) / deviation, training=training)
        if training:
            average_statistics(self)
        return logits

    def training_logits(
        self, images: tf.Tensor, drop_probability: tf.Tensor, seed: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Logits of a training step, as `ChildNetwork.training_logits`; nothing is dropped.

        Returns:
            "logits" [batch, classes].
        """
        return {"logits": self(images, training=True)}

    def exported(self) -> "ApplicationNetwork":
        """The network in evaluation, as it is exported: itself."""
        return self

    def count_parts(self) -> list[tuple[str, Cost]]:
        """List the cost of each kind of layer."""
        return layer_cost.count_by_kind(self.body)

    def compute_output_shape(self, *_: object) -> tuple:
        """[batch, classes]."""
        return (None, self.num_classes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON can hold them."""
        config = {
            "application": self.application,
            "image_size": list(self.image_size),
            "num_classes": self.num_classes,
            "mean": self.mean.tolist(),
            "standard_deviation": self.standard_deviation.tolist(),
            "precision": self.precision,
        }
        return {**super().get_config(), **config}


def _clone(
    layer: keras.layers.Layer, policy: keras.DTypePolicy, last: keras.layers.Layer
) -> keras.layers.Layer:
    """Copy a layer without its weights; a normalization is this package's.

    The last one, whose outputs are the logits, is float32.
    """
    config = layer.get_config()
    if layer is not last:
        config = {**config, "dtype": policy}
    if isinstance(layer, keras.layers.BatchNormalization):
        return BatchNormalization.from_config({**config, "momentum": MOMENTUM})
    return type(layer).from_config(config)
