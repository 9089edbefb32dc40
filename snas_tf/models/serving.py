"""A network for serving: preprocessing, probabilities and class names."""

from collections.abc import Callable, Sequence

import tensorflow as tf


class ServingModule(tf.Module):
    """Content of an exported SavedModel.

    Args:
        network: gives logits [batch, classes] of images uint8 [batch, height, width, 3].
        image_size: (height, width) that the network takes.
        class_names: in the order of the labels.
        preprocess: resizes images uint8 [batch, height, width, 3] to that size, as in evaluation.
        refuses_scaled: whether a batch whose greatest value is 1 is an error.
    """

    def __init__(
        self,
        network: Callable[[tf.Tensor], tf.Tensor],
        image_size: tuple[int, int],
        class_names: Sequence[str],
        preprocess: Callable[[tf.Tensor, tuple[int, int]], tf.Tensor],
        refuses_scaled: bool = True,
    ) -> None:
        super().__init__(name="server")
        self.network = network
        self.image_size = image_size
        self.class_names = tuple(class_names)
        self._preprocess = preprocess
        self._refuses_scaled = refuses_scaled

    @tf.function(
        input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="image")],
        autograph=False,
    )
    def serve(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classify images of any size.

        Args:
            image: uint8 [batch, height, width, 3], 0 to 255; the batch may be empty.

        Returns:
            "probabilities" [batch, classes] and "class_names" [classes].

        Raises:
            tf.errors.InvalidArgumentError: the greatest value of the batch is 1. A SavedModel gets
                arrays of floats after a cast to integers, so images of 0 to 1 are 0 or 1. Black
                images are accepted, and all images where the training images were as dark.
        """
        batch = tf.shape(image)[0]
        with tf.control_dependencies([_assert_not_scaled(image)] if self._refuses_scaled else []):
            image = _not_empty(image)
        fitted = self._preprocess(image, self.image_size)
        probabilities = self.probabilities(fitted)[:batch]
        return {"probabilities": probabilities, "class_names": tf.constant(self.class_names)}

    def probabilities(self, image: tf.Tensor) -> tf.Tensor:
        """[batch, classes] of images that have the network's size already."""
        return tf.nn.softmax(self.network(image))


def _assert_not_scaled(image: tf.Tensor) -> tf.Operation:
    scaled = tf.reduce_any(image == 1) & ~tf.reduce_any(image > 1)
    return tf.debugging.Assert(
        ~scaled,
        ["image: the greatest value is 1; accepted: uint8, 0 to 255, not floats of 0 to 1"],
    )


def _not_empty(image: tf.Tensor) -> tf.Tensor:
    """Replace an empty batch, which can't be resized, by one black pixel."""
    missing = tf.cast(tf.shape(image)[:1] == 0, tf.int32)
    after = tf.concat([missing, missing, missing, [0]], axis=0)
    padded = tf.pad(image, tf.stack([tf.zeros_like(after), after], axis=1))
    return tf.ensure_shape(padded, [None, None, None, 3])
