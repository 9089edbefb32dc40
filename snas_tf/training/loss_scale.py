"""The scale of the loss in float16, and what happens where it was too large."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

INITIAL_SCALE = 2.0**15
GROWTH_STEPS = 2000
"""Both are those of Keras' `LossScaleOptimizer`."""


class LossScale(keras.layers.Layer):
    """Factor of the loss in the backward pass, whose float16 numbers would else underflow.

    All gradients of a step have the same factor, whatever optimizers take them; Keras'
    `LossScaleOptimizer` has one for one optimizer. A step that leaves a variable which is not
    finite is undone and halves the factor; after `GROWTH_STEPS` steps without one it doubles
    (Micikevicius et al., 2018, Mixed Precision Training, Section 3.2). bfloat16 and float32 have
    the exponents for every gradient, so there the factor is 1, and nothing is undone.

    Args:
        precision: type of the maps, see `layers.precision`.
    """

    def __init__(self, precision: str) -> None:
        super().__init__(name="loss_scale")
        self.is_used = precision == "float16"
        if self.is_used:
            initial = keras.initializers.Constant(INITIAL_SCALE)
            self.scale = self.add_weight(name="scale", initializer=initial, trainable=False)
            self.good_steps = self.add_weight(
                name="good_steps", dtype="int32", initializer="zeros", trainable=False
            )
        self.built = True

    def gradient(self, tape: tf.GradientTape, loss: tf.Tensor, sources: Any, **kwargs: Any) -> Any:
        """Compute `tape.gradient(loss, sources, **kwargs)`, by way of the scaled loss."""
        if not self.is_used:
            return tape.gradient(loss, sources, **kwargs)
        scale = tf.convert_to_tensor(self.scale.value)
        scaled = tape.gradient(loss, sources, output_gradients=scale, **kwargs)
        return tf.nest.map_structure(lambda one: None if one is None else one / scale, scaled)

    def undo_overflow(
        self, variables: Sequence[keras.Variable], before: Sequence[tf.Tensor]
    ) -> tf.Tensor:
        """Undo a step that overflowed, and move the factor; to be called outside of a replica.

        A factor of 1 can't be the cause, so then the step stays, and the training has diverged.

        Args:
            variables: what the step changed, without its own number.
            before: their values before it.

        Returns:
            Whether the step stays, a scalar.
        """
        floats = [one.value for one in variables if one.value.dtype.is_floating]
        is_finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(one)) for one in floats])
        stays = is_finite | (self.scale.value <= 1.0)
        for variable, value in zip(variables, before, strict=True):
            variable.value.assign(tf.where(stays, variable.value, value))
        good_steps = tf.where(is_finite, self.good_steps.value + 1, 0)
        grows = good_steps == GROWTH_STEPS
        factor = tf.where(is_finite, tf.where(grows, 2.0, 1.0), 0.5)
        self.scale.value.assign(tf.maximum(self.scale.value * factor, 1.0))
        self.good_steps.value.assign(tf.where(grows, 0, good_steps))
        return stays
