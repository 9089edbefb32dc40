import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.layers import normalization, placement
from snas_tf.layers.normalization import BatchNormalization
from tests.graphs import all_nodes
from tests.layers.test_precision import ROUNDING

X = np.random.default_rng(0).normal(3, 2, (6, 4, 4, 3)).astype(np.float32)


def pair(**settings):
    """Our layer and Keras' with the recipes' momentum and epsilon, with the same weights."""
    layers = (
        BatchNormalization(**settings),
        keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **settings),
    )
    generator = np.random.default_rng(1)
    for layer in layers:
        layer.build(X.shape)
    values = [generator.uniform(0.5, 2, one.shape) for one in layers[0].weights]
    for layer in layers:
        layer.set_weights(values)
    return layers


@pytest.mark.parametrize("settings", [{}, {"center": False, "scale": False}])
def test_on_one_device_the_layer_is_that_of_keras(settings):
    ours, theirs = pair(**settings)
    for step in range(3):
        received, expected = ours(X + step, training=True), theirs(X + step, training=True)
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5)
    for one, other in zip(ours.weights, theirs.weights, strict=True):
        assert one.trainable == other.trainable
        np.testing.assert_allclose(one, other, rtol=1e-6)
    np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-5, atol=1e-5)


def test_the_moving_statistics_follow_the_recipe():
    layer = BatchNormalization()
    layer(X, training=True)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * X.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * X.var((0, 1, 2)), rtol=1e-4)


def test_the_layer_agrees_with_the_function_that_cells_use():
    layer = pair()[0]
    weights = {
        name: tf.convert_to_tensor(getattr(layer, attribute))
        for name, attribute in [
            ("gamma", "gamma"),
            ("beta", "beta"),
            ("mean", "moving_mean"),
            ("variance", "moving_variance"),
        ]
    }
    expected, _ = normalization.batch_normalize(tf.constant(X), weights, None, training=False)
    np.testing.assert_allclose(layer(X), expected, rtol=1e-4, atol=1e-4)


def normalize_with_gradients(x, upstream):
    """The output of a training step, the new statistics, and the gradients of all it depends on."""
    generator = np.random.default_rng(2)
    names = ("gamma", "beta", "mean", "variance", "z")
    given = {name: tf.constant(generator.uniform(0.5, 2, 3), tf.float32) for name in names}
    scale = given.pop("z")
    with tf.GradientTape() as tape:
        watched = [x, scale, given["gamma"], given["beta"]]
        tape.watch(watched)
        y, statistics = normalization.batch_normalize(x, given, scale, training=True)
    return y, statistics, tape.gradient(y, watched, output_gradients=upstream)


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16], ids=lambda one: one.name)
def test_of_a_short_type_only_the_result_and_the_gradient_of_the_map_are_rounded(dtype):
    x, upstream = (
        tf.cast(one, dtype) for one in (X, np.random.default_rng(3).normal(size=X.shape))
    )
    y, statistics, gradients = normalize_with_gradients(x, upstream)
    longer = (tf.cast(one, tf.float32) for one in (x, upstream))
    expected, expected_statistics, expected_gradients = normalize_with_gradients(*longer)
    assert y.dtype == gradients[0].dtype == dtype
    rounding = ROUNDING[dtype.name]
    for one, other in [(y, expected), (gradients[0], expected_gradients[0])]:
        np.testing.assert_allclose(tf.cast(one, tf.float32), other, rtol=rounding, atol=1e-4)
    for name, one in expected_statistics.items():
        np.testing.assert_allclose(statistics[name], one, rtol=1e-6)
    for one, other in zip(gradients[1:], expected_gradients[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16, tf.float16], ids=lambda one: one.name)
@pytest.mark.parametrize("channels", [8, 16, 36, 48])
def test_the_kernel_is_of_float32_where_that_of_a_short_type_is_slow(
    monkeypatch, channels, dtype, gpu, training
):
    monkeypatch.setattr(placement, "has_gpu", lambda: gpu)
    weights = {"mean": tf.zeros([channels]), "variance": tf.ones([channels])}

    @tf.function(autograph=False)
    def normalize(x):
        return normalization.batch_normalize(x, weights, None, training)[0]

    graph = normalize.get_concrete_function(tf.zeros([2, 4, 4, channels], dtype)).graph
    kernels = [node for node in all_nodes(graph) if node.op == "FusedBatchNormV3"]
    types = {node.attr["T"].type for node in kernels}
    covered = gpu or (dtype == tf.bfloat16 and channels in (16, 48))
    assert types == {(dtype if covered else tf.float32).as_datatype_enum}
    assert graph.outputs[0].dtype == dtype


def test_the_layer_comes_back_from_its_config():
    layer = BatchNormalization(scale=False)
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert isinstance(again, BatchNormalization)
    assert (again.momentum, again.epsilon, again.scale) == (0.9, 1e-5, False)
