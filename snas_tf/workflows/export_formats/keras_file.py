"""The export of a trained child as a Keras file."""

from typing import Any

import keras

from snas_tf.config import ExportConfig
from snas_tf.workflows.export_formats import metadata
from snas_tf.workflows.trained_child import TrainedChild


def write(child: TrainedChild, config: ExportConfig) -> dict[str, Any]:
    """Write `model.keras`, for `keras.models.load_model`: from images to probabilities."""
    image = keras.Input((*child.described.image_size, 3), dtype="uint8", name=metadata.INPUT)
    normalize = keras.layers.Softmax(name=metadata.OUTPUT)
    model = keras.Model(image, normalize(child.network(image)))
    described = metadata.describe(child, config)
    return metadata.replace(child.run.path / "model.keras", described, model.save)
