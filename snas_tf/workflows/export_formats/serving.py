"""A network as the functions that are exported."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from snas_tf.data.crops import center_crop_decoded
from snas_tf.data.images import resize_by_area
from snas_tf.models.description import NetworkDescription
from snas_tf.models.serving import ServingModule
from snas_tf.workflows.export_formats import metadata

_PREPROCESSING = {"resize": resize_by_area, "center_crop": center_crop_decoded}
"""By the names of `description.PREPROCESSING`."""


def serving_module(
    network: Callable[[tf.Tensor], tf.Tensor], described: NetworkDescription
) -> ServingModule:
    """Make what a SavedModel has: images of any size in, probabilities and class names out."""
    # Where pixels are 0 or 1, as in a data set of binary images, their mean is at most 1.
    refuses_scaled = max(described.mean) > 1
    preprocess = _PREPROCESSING[described.preprocessing]
    return ServingModule(
        network, described.image_size, described.class_names, preprocess, refuses_scaled
    )


def fixed_size(
    network: Callable[[tf.Tensor], tf.Tensor],
    described: NetworkDescription,
    batch: int | None = 1,
    dtype: tf.DType = tf.uint8,
) -> Any:
    """Make a function from images of the network's own size to "probabilities".

    Args:
        network: gives logits of images.
        described: what is known of it.
        batch: images at once; None for any number.
        dtype: of the images; their values are 0 to 255 in any case.
    """
    spec = tf.TensorSpec([batch, *described.image_size, 3], dtype, name=metadata.INPUT)
    module = serving_module(network, described)

    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {metadata.OUTPUT: module.probabilities(image)}

    return tf.function(serve, [spec], autograph=False)
