import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.config import SearchConfig
from snas_tf.training import optimizers


def variables(*values):
    return [keras.Variable(np.array(value, np.float32)) for value in values]


def test_gradients_are_clipped_before_the_decay_is_added():
    gradients = [tf.constant([3.0, 0.0]), tf.constant([4.0])]
    weights = variables([1.0, 2.0], [3.0])
    first, second = optimizers.regularized(gradients, weights, clip_norm=1.0, weight_decay=0.1)
    np.testing.assert_allclose(first, [3 / 5 + 0.1, 0.2], rtol=1e-6)
    np.testing.assert_allclose(second, [4 / 5 + 0.3], rtol=1e-6)


def test_a_norm_of_zero_does_not_clip():
    (first,) = optimizers.regularized([tf.constant([30.0])], variables([1.0]), 0.0, 0.0)
    np.testing.assert_array_equal(first, [30.0])


def follow(optimizer, gradients, rates, momentum, decay=0.0):
    """A weight that starts at 1 after a step for each gradient; and as the recipes have it."""
    weights = variables([1.0])
    optimizer.build(weights)
    value, velocity = 1.0, 0.0
    for gradient, rate in zip(gradients, rates, strict=True):
        velocity = momentum * velocity + gradient + decay * value
        value -= rate * velocity
        optimizers.apply_across_replicas(
            optimizer, [tf.constant([float(gradient)])], weights, 0.0, decay
        )
    return weights[0].numpy().item(), value


def test_theta_follows_sgd_with_coupled_decay_and_the_rate_after_the_momentum():
    config = SearchConfig(theta_learning_rate=0.25, theta_momentum=0.8)
    optimizer = optimizers.theta_optimizer(config, num_steps=8)
    rates = 0.25 * 0.5 * (1 + np.cos(np.pi * np.arange(8) / 8))
    found, expected = follow(optimizer, [2.0, -1, 3, 0, 0, 1, 0, 0], rates, 0.8, decay=0.5)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_the_rate_of_a_step_is_that_of_all_gradients_in_its_velocity(momentum):
    rates = [0.5, 0.5, 0.05, 0.005, 1.0]
    steps = keras.optimizers.schedules.PiecewiseConstantDecay([1, 2, 3], rates[1:])
    optimizer = optimizers.MomentumSGD(steps, momentum=momentum)
    found, expected = follow(optimizer, [1.0, 2, -4, 1, 3], rates, momentum)
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_step_with_momentum_traces_no_more_operations_than_keras_own():
    def operations(optimizer):
        weights = variables([1.0], [2.0], [3.0])
        optimizer.build(weights)

        @tf.function(autograph=False)
        def step(gradient):
            optimizer.apply([gradient] * 3, weights)

        return len(step.get_concrete_function(tf.constant([1.0])).graph.get_operations())

    ours = operations(optimizers.MomentumSGD(0.1, momentum=0.9))
    assert ours <= operations(keras.optimizers.SGD(0.1, momentum=0.9))


def test_the_rate_of_theta_ends_at_zero_on_a_cosine():
    optimizer = optimizers.theta_optimizer(SearchConfig(), num_steps=100)
    optimizer.build(variables([1.0]))
    curve = []
    for step in range(0, 101, 10):
        optimizer.iterations.assign(step)
        curve.append(float(optimizer.learning_rate))
    expected = 0.025 * 0.5 * (1 + np.cos(np.pi * np.arange(0, 101, 10) / 100))
    np.testing.assert_allclose(curve, expected, atol=1e-7)


def adam(gradients, rate, coupled, decoupled):
    """A weight that starts at 1 and follows Adam with the paper's betas."""
    value, mean, square = 1.0, 0.0, 0.0
    for step, gradient in enumerate(gradients, 1):
        gradient += coupled * value
        value -= rate * decoupled * value
        mean = 0.5 * mean + 0.5 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        value -= rate * (mean / (1 - 0.5**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return value


@pytest.mark.parametrize(
    ("settings", "rate", "coupled", "decoupled"),
    [
        ({}, 3 / 20, 0, 1e-3),  # of 400 steps
        ({"alpha_weight_decay": 0.5, "alpha_learning_rate": 0.01}, 0.01, 0, 0.5),
        ({"alpha_weight_decay": 0.0}, 3 / 20, 0, 0),
        ({"alpha_decay": "coupled", "alpha_learning_rate": 3e-4}, 3e-4, 1e-3, 0),
        ({"alpha_decay": "coupled", "alpha_weight_decay": 0.5}, 3 / 20, 0.5, 0),
    ],
)
def test_alpha_follows_adam(settings, rate, coupled, decoupled):
    config = SearchConfig(**settings)
    weights = variables([1.0])
    optimizer = optimizers.alpha_optimizer(config, num_steps=400)
    optimizer.build(weights)
    gradients = [1.0, 2.0, -1.5]
    for gradient in gradients:
        optimizers.apply_across_replicas(
            optimizer, [tf.constant([gradient])], weights, 0.0, optimizers.coupled_decay(config)
        )
    np.testing.assert_allclose(weights[0], [adam(gradients, rate, coupled, decoupled)], rtol=1e-5)
