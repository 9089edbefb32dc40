import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.application import Application
from snas_tf.errors import UserError
from snas_tf.models.application_network import ApplicationNetwork
from snas_tf.models.description import NetworkDescription

MEAN, DEVIATION = (120.0, 130.0, 140.0), (50.0, 60.0, 70.0)
NAMES = ("a", "b", "c")
DESCRIBED = NetworkDescription(0, 0, (32, 40), NAMES, MEAN, DEVIATION)


@pytest.fixture(scope="module")
def network():
    return DESCRIBED.make_network(Application("MobileNet"))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 32, 40, 3), dtype=np.uint8)


def test_it_is_keras_network_behind_a_normalization(network, images):
    original = keras.applications.MobileNet(
        weights=None, input_shape=(32, 40, 3), classes=3, classifier_activation=None
    )
    original.set_weights(network.get_weights())
    expected = original.predict_on_batch((images - np.array(MEAN)) / DEVIATION)
    np.testing.assert_allclose(network(images), expected, rtol=1e-4, atol=1e-5)
    assert network.compute_output_shape() == (None, *expected.shape[1:])
    assert network.exported() is network


def test_a_training_step_drops_nothing_and_moves_the_statistics_by_a_tenth(network, images):
    (first, *_) = (one for one in network.body.layers if "bn" in one.name)
    first.moving_mean.assign(tf.zeros_like(first.moving_mean))
    logits = [
        network.training_logits(tf.constant(images), tf.constant(0.5), tf.constant([1, seed]))
        for seed in (1, 2)
    ]
    np.testing.assert_array_equal(logits[0]["logits"], logits[1]["logits"])
    convolution = network.body.layers[1]
    normal = ((images - np.array(MEAN)) / DEVIATION).astype(np.float32)
    mean = tf.reduce_mean(convolution(normal), [0, 1, 2])
    np.testing.assert_allclose(first.moving_mean, (0.1 + 0.9 * 0.1) * mean, rtol=1e-3, atol=1e-5)


def test_its_graph_reads_nothing_but_images_and_variables(network):
    """A converter to ONNX takes any other tensor that a graph captures for an input."""
    spec = tf.TensorSpec([1, 32, 40, 3], tf.uint8)
    concrete = tf.function(network, autograph=False).get_concrete_function(spec)
    assert {one.dtype for one in concrete.captured_inputs} == {tf.resource}


def test_it_is_made_again_from_its_config(network, images):
    again = ApplicationNetwork.from_config(network.get_config())
    again.set_weights(network.get_weights())
    np.testing.assert_array_equal(again(images), network(images))


def test_images_that_are_too_small_are_refused():
    with pytest.raises(UserError, match="`image_size`=32: less than keras:InceptionV3 takes"):
        DESCRIBED.make_network(Application("InceptionV3"))
