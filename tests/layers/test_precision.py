import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.operations import OPERATIONS
from snas_tf.architecture.spaces import DARTS
from snas_tf.config.training import PRECISIONS
from snas_tf.layers import precision, registry, search_cell
from snas_tf.runs import machine

ROUNDING = {"bfloat16": 2.0**-8, "float16": 2.0**-11}
"""The most that a number changes when it is rounded, of itself."""

SWITCHED = 0.05
"""Share of a gradient that a rounding changes which switches a ReLU."""

NAMES = [name for name in OPERATIONS if name not in ("none", "skip_connect")]
CHANNELS = 16
SPACE = DARTS.vary(None, 2)
_, REDUCE, _ = SPACE.plan_network(3, 4, (8, 8))


def rounded(x, name):
    return tf.cast(tf.cast(x, name), tf.float32)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def distance(x, expected):
    """The norm of the difference, of that of what is expected, in double precision."""
    x, expected = np.float64(tf.cast(x, tf.float32)), np.float64(expected)
    return np.linalg.norm(x - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize("name", PRECISIONS)
def test_maps_have_the_type_and_variables_are_float32(name):
    policy = precision.make_policy(name)
    assert (policy.compute_dtype, policy.variable_dtype) == (name, "float32")


def test_another_type_is_refused():
    with pytest.raises(ValueError, match="mixed_int8"):
        precision.make_policy("int8")


def apply_with_gradients(layer, x, name):
    """The output in training, and the gradients of a sum over it for x, the scale and kernels."""
    x, scale = tf.cast(x, name), tf.fill([CHANNELS], 0.3)
    with tf.GradientTape() as tape:
        tape.watch((x, scale))
        y, statistics = layer.apply(x, layer.unstack(name)[0], 2, scale, training=True)
        weighted = tf.cast(y, tf.float32) * numbers(*y.shape, seed=1)
        loss = tf.reduce_sum(weighted)
    sources = [x, scale, *(one.value for one in layer.trainable_variables)]
    return y, statistics, [one for one in tape.gradient(loss, sources) if one is not None]


@pytest.mark.parametrize("name", ROUNDING)
@pytest.mark.parametrize("operation", NAMES)
def test_an_operation_differs_from_float32_by_roundings(operation, name):
    """Given what the shorter type can hold, each of its few roundings adds one relative error."""
    # Where a processor has no instructions for a type, TensorFlow's kernels sum in that type.
    roundings, switched = (3, 0.16) if machine.lacks_instructions(name) else (2, SWITCHED)
    keras.utils.set_random_seed(0)
    layer = registry.create_layer(OPERATIONS[operation], 1, CHANNELS)
    for variable in layer.trainable_variables:
        variable.assign(rounded(variable, name))
    x = rounded(numbers(4, 8, 8, CHANNELS), name)
    y, statistics, gradients = apply_with_gradients(layer, x, name)
    expected, moved, expected_gradients = apply_with_gradients(layer, x, "float32")
    assert y.dtype == name
    assert distance(y, expected) < roundings * ROUNDING[name]
    assert all(one.dtype == tf.float32 for one in statistics.values())
    for key in moved:
        assert distance(statistics[key], moved[key]) < roundings * ROUNDING[name]
    for one, other in zip(gradients, expected_gradients, strict=True):
        assert distance(one, other) < 8 * ROUNDING[name] + switched


@pytest.mark.parametrize("name", ROUNDING)
def test_the_gradients_of_a_cell_are_those_of_float32_but_for_its_roundings(name):
    results = {}
    for one in ("float32", name):
        keras.utils.set_random_seed(0)
        policy = precision.make_policy(one)
        cell = search_cell.SearchCell(REDUCE, SPACE, skip_threshold=0, dtype=policy)
        given = tuple(
            tf.cast(numbers(8, 8, 8, channels), one) for channels in REDUCE.input_channels
        )
        z = tf.nn.softmax(tf.random.stateless_normal(SPACE.shape, [1, 2]))
        with tf.GradientTape() as tape:
            tape.watch(z)
            output = cell(given, z, training=True)
            loss = tf.reduce_sum(tf.sin(tf.cast(output, tf.float32)))
        assert output.dtype == one
        weights = [variable.value for variable in cell.trainable_variables]
        results[one] = [loss, *tape.gradient(loss, [z, *weights])]
    assert all(variable.dtype == "float32" for variable in cell.variables)
    for one, other in zip(results[name], results["float32"], strict=True):
        assert one.dtype == tf.float32
        assert distance(one, other) < 30 * ROUNDING[name] + SWITCHED
