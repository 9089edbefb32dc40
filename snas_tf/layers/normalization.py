"""Batch normalisation for many small feature maps whose variables live stacked in one tensor."""

import keras
import tensorflow as tf

EPSILON = 1e-5
MOMENTUM = 0.9


class StackedBatchNormalization(keras.layers.Layer):
    """`count` independent batch normalisations, their variables stacked [count, channels].

    A search network has hundreds of normalisations, and its start-up time grows with the number
    of its variables: stacked, a cell needs a dozen where it would need two hundred.

    Without `affine`, the `scale` of a call stands where the learned scale would be, so a mask
    value z multiplies the normalised map inside the fused kernel: the product and its gradient
    with respect to z come free.

    Args:
        count: number of normalisations.
        channels: channels of each.
        affine: learn a scale and an offset for each.

    Raises:
        ValueError: count or channels is not positive.
    """

    def __init__(self, count: int, channels: int, affine: bool = False, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if count < 1 or channels < 1:
            raise ValueError(
                f"count and channels must be positive, received: count={count}, channels={channels}"
            )
        self.count = count
        self.channels = channels
        self.affine = affine
        # Every replica assigns statistics of its own images: "mean" reduces them to one value.
        shape = {"shape": (count, channels)}
        moving = {**shape, "trainable": False, "aggregation": "mean"}
        self.moving_mean = self.add_weight(name="moving_mean", initializer="zeros", **moving)
        self.moving_variance = self.add_weight(name="moving_variance", initializer="ones", **moving)
        if affine:
            self.gamma = self.add_weight(name="gamma", initializer="ones", **shape)
            self.beta = self.add_weight(name="beta", initializer="zeros", **shape)
        self.built = True

    def bind(self, training: bool) -> "BoundNormalization":
        """Reads the variables once, to be applied one by one in the order of the graph."""
        return BoundNormalization(self, training)

    def call(self, inputs: list[tf.Tensor], training: bool = False) -> list[tf.Tensor]:
        """Normalises inputs[i] [batch, height, width, channels] with the i-th normalisation."""
        if len(inputs) != self.count:
            raise ValueError(f"expected {self.count} inputs, received: {len(inputs)}")
        bound = self.bind(training)
        outputs = [bound(x, index) for index, x in enumerate(inputs)]
        bound.commit()
        return outputs

    def compute_output_shape(self, input_shape: list[tuple]) -> list[tuple]:
        """Normalising keeps every shape."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = {"count": self.count, "channels": self.channels, "affine": self.affine}
        return {**super().get_config(), **config}


class BoundNormalization:
    """The tensors of one forward pass through a `StackedBatchNormalization`.

    Call it for the normalisations in any order, each at most once, then `commit` once: the new
    moving statistics go back in a single assignment.
    """

    def __init__(self, layer: StackedBatchNormalization, training: bool) -> None:
        self._layer = layer
        self._training = training
        self._means = tf.unstack(layer.moving_mean.value)
        self._variances = tf.unstack(layer.moving_variance.value)
        if layer.affine:
            self._gammas, self._betas = tf.unstack(layer.gamma.value), tf.unstack(layer.beta.value)
        else:
            self._gammas = [tf.ones([layer.channels])] * layer.count
            self._betas = [tf.zeros([layer.channels])] * layer.count

    def __call__(self, x: tf.Tensor, index: int, scale: tf.Tensor | None = None) -> tf.Tensor:
        """Normalises x [batch, height, width, channels] with normalisation `index`.

        Args:
            x: the feature map.
            index: which normalisation.
            scale: factors [channels] in place of the learned scale.
        """
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            x,
            self._gammas[index] if scale is None else scale,
            self._betas[index],
            mean=self._means[index],
            variance=self._variances[index],
            epsilon=EPSILON,
            is_training=self._training,
            exponential_avg_factor=1.0 - MOMENTUM if self._training else 1.0,
        )
        if self._training:
            self._means[index], self._variances[index] = mean, variance
        return y

    def commit(self) -> None:
        """Stores the moving statistics of this pass; does nothing outside training."""
        if self._training:
            self._layer.moving_mean.assign(tf.stack(self._means))
            self._layer.moving_variance.assign(tf.stack(self._variances))
