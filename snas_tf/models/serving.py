"""A network with its front and its back: from any image to named probabilities."""

from collections.abc import Callable, Sequence

import tensorflow as tf


class Server(tf.Module):
    """What a SavedModel holds.

    Args:
        network: gives logits [batch, classes] of images uint8 [batch, height, width, 3].
        image_size: (height, width) that the network takes.
        class_names: in the order of the labels.
    """

    def __init__(
        self,
        network: Callable[[tf.Tensor], tf.Tensor],
        image_size: tuple[int, int],
        class_names: Sequence[str],
    ) -> None:
        super().__init__(name="server")
        self.network = network
        self.image_size = tuple(image_size)
        self.class_names = tuple(class_names)

    @tf.function(
        input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="image")],
        autograph=False,
    )
    def serve(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Classifies images of any size, which are resized as the training images were.

        Args:
            image: uint8 [batch, height, width, 3].

        Returns:
            "probabilities" [batch, classes] and "class_names" [classes].
        """
        resized = tf.image.resize(image, self.image_size, method="area")
        probabilities = self.probabilities(tf.cast(tf.round(resized), tf.uint8))
        return {"probabilities": probabilities, "class_names": tf.constant(self.class_names)}

    def probabilities(self, image: tf.Tensor) -> tf.Tensor:
        """[batch, classes] of images that have the network's size already."""
        return tf.nn.softmax(self.network(image))
