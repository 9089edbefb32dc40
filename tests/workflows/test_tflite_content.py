"""TensorFlow Lite files of 32 and of 16 bits."""

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture.genotype_source import load_genotype
from snas_tf.config import ExportConfig
from snas_tf.models.description import NetworkDescription
from snas_tf.workflows.export_formats import tflite_content
from snas_tf.workflows.trained_child import TrainedChild


def test_weights_of_16_bits_take_half_the_bytes_and_give_the_same():
    described = NetworkDescription(3, 32, (8, 8), tuple("abc"), (100.0,) * 3, (50.0,) * 3)
    network = described.make_child(load_genotype("snas_aggressive"))
    child = TrainedChild(None, None, described, None, network, "last")
    config = ExportConfig("run", "tflite")
    whole, half = (
        convert(child, config).data
        for convert in (tflite_content.convert_to_float32, tflite_content.convert_to_float16)
    )
    assert len(half) < 0.6 * len(whole)
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    expected = tf.nn.softmax(network(images)).numpy()
    for content in (whole, half):
        classify = tf.lite.Interpreter(model_content=content).get_signature_runner()
        found = [classify(image=one[np.newaxis])["probabilities"][0] for one in images]
        np.testing.assert_allclose(found, expected, atol=1e-5 if content is whole else 0.01)


class Plain(keras.Model):
    """A network with variables, which is exported as it is."""

    def __init__(self):
        super().__init__()
        self.layer = keras.layers.Dense(3)

    def call(self, images):
        return self.layer(tf.reduce_mean(tf.cast(images, tf.float32), [1, 2]) / 255)

    def exported(self):
        return self


def test_a_network_with_variables_has_the_same_signature_and_values():
    described = NetworkDescription(0, 0, (8, 8), tuple("abc"), (100.0,) * 3, (50.0,) * 3)
    network, image = Plain(), np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), np.uint8)
    expected = tf.nn.softmax(network(image)).numpy()
    child = TrainedChild(None, None, described, None, network, "last")
    content = tflite_content.convert_to_float32(child, ExportConfig("run", "tflite"))
    classify = tf.lite.Interpreter(model_content=content.data).get_signature_runner()
    np.testing.assert_allclose(classify(image=image)["probabilities"], expected, atol=1e-6)
