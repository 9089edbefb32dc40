"""TensorFlow Lite files of 32 and of 16 bits."""

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
