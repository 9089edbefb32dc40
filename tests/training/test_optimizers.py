import keras
import numpy as np
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


def test_theta_follows_sgd_with_momentum_and_coupled_decay():
    config = SearchConfig(theta_clip_norm=0.0, theta_weight_decay=0.5)
    weights = variables([1.0])
    optimizer = optimizers.theta_optimizer(config, num_steps=100)
    optimizer.build(weights)
    value, velocity = 1.0, 0.0
    for step in range(5):
        rate = 0.025 * 0.5 * (1 + np.cos(np.pi * step / 100))
        velocity = 0.9 * velocity - rate * (2.0 + 0.5 * value)
        value += velocity
        optimizers.apply_across_replicas(optimizer, [tf.constant([2.0])], weights, 0.0, 0.5)
    np.testing.assert_allclose(weights[0], [value], rtol=1e-5)


def test_the_rate_of_theta_ends_at_zero_on_a_cosine():
    optimizer = optimizers.theta_optimizer(SearchConfig(), num_steps=100)
    optimizer.build(variables([1.0]))
    curve = []
    for step in range(0, 101, 10):
        optimizer.iterations.assign(step)
        curve.append(float(optimizer.learning_rate))
    expected = 0.025 * 0.5 * (1 + np.cos(np.pi * np.arange(0, 101, 10) / 100))
    np.testing.assert_allclose(curve, expected, atol=1e-7)


def test_alpha_follows_adam_with_the_papers_settings():
    weights = variables([1.0])
    optimizer = optimizers.alpha_optimizer(SearchConfig())
    optimizer.build(weights)
    value, mean, square = 1.0, 0.0, 0.0
    for step in range(1, 4):
        gradient = float(step)
        mean = 0.5 * mean + 0.5 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        value -= 3e-4 * (mean / (1 - 0.5**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        optimizers.apply_across_replicas(optimizer, [tf.constant([gradient])], weights, 0.0, 0.0)
    np.testing.assert_allclose(weights[0], [value], rtol=1e-5)
