"""Averages over draws against exact gradients, finite differences and densities in NumPy."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.layers.stochastic_edge import StochasticEdge, gumbel
from snas_tf.penalty.estimator import Expectation, PolicyGradient, Reparameterization

SAMPLED = {
    "reparameterization": Reparameterization(),
    "policy_gradient": PolicyGradient(),
    "with baseline": PolicyGradient(baseline=True),
}
GENERATOR = np.random.default_rng(0)
LOG_ALPHA = GENERATOR.normal(size=(3, 8)).astype(np.float32)
COSTS = GENERATOR.uniform(0.2, 1, size=(3, 8)).astype(np.float32)
DRAWS = 40_000


def linear(z):
    return z * COSTS


def softmax(x):
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def exact():
    """d/dlog alpha of sum_k alpha_k c_k: alpha_k (c_k - mean cost)."""
    alpha = softmax(LOG_ALPHA)
    return alpha * (COSTS - (alpha * COSTS).sum(axis=-1, keepdims=True))


def make_edges(log_alpha):
    edges = StochasticEdge(*log_alpha.shape)
    edges.log_alpha.assign(log_alpha)
    return edges


def estimate(estimator, log_alpha, noise, temperature, terms=linear):
    edges = make_edges(log_alpha)
    with tf.GradientTape() as tape:
        value = estimator(terms, edges, tf.constant(noise), tf.constant(temperature))
    return float(value), tape.gradient(value, edges.log_alpha.value).numpy()


@functools.cache
def averaged(name, temperature):
    """Mean of many draws' gradients [edges, operations], and its standard error.

    The edges do not know of each other, so the draws are stacked as so many more edges.
    """
    shape = (DRAWS, *LOG_ALPHA.shape)
    noise = gumbel((DRAWS * 3, 8), tf.constant([1, 2])).numpy()
    _, gradients = estimate(
        SAMPLED[name],
        np.broadcast_to(LOG_ALPHA, shape).reshape(-1, 8),
        noise,
        temperature,
        lambda z: z * np.tile(COSTS, (DRAWS, 1)),
    )
    gradients = gradients.reshape(shape)
    return gradients.mean(axis=0), gradients.std(axis=0) / np.sqrt(DRAWS)


def finite_differences(function, x, step):
    result = np.zeros_like(x, dtype=np.float64)
    for index in np.ndindex(x.shape):
        moved = [x.copy(), x.copy()]
        moved[0][index] += step
        moved[1][index] -= step
        result[index] = (function(moved[0]) - function(moved[1])) / (
            moved[0][index] - moved[1][index]
        )
    return result


def test_the_expectation_is_the_sum_of_products_with_its_exact_gradient():
    value, gradient = estimate(Expectation(), LOG_ALPHA, np.zeros_like(LOG_ALPHA), 1.0)
    assert value == pytest.approx((softmax(LOG_ALPHA) * COSTS).sum(), rel=1e-6)
    np.testing.assert_allclose(gradient, exact(), atol=1e-6)


@pytest.mark.parametrize("estimator", [Expectation(), Reparameterization()])
def test_a_gradient_is_that_of_its_value_by_finite_differences(estimator):
    noise = gumbel(LOG_ALPHA.shape, tf.constant([3, 4])).numpy()
    _, gradient = estimate(estimator, LOG_ALPHA, noise, 0.7)
    different = finite_differences(lambda x: estimate(estimator, x, noise, 0.7)[0], LOG_ALPHA, 1e-2)
    np.testing.assert_allclose(gradient, different, atol=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 0.3, 0.03])
def test_the_policy_gradient_is_reward_times_gradient_of_the_log_density(temperature):
    """The density of Maddison et al. in NumPy and float64, its gradient by finite differences."""
    noise = gumbel(LOG_ALPHA.shape, tf.constant([3, 4])).numpy()
    value, gradient = estimate(PolicyGradient(), LOG_ALPHA, noise, temperature)
    scores = (LOG_ALPHA.astype(np.float64) + noise) / temperature
    log_z = scores - scores.max(axis=-1, keepdims=True)
    log_z -= np.log(np.exp(log_z).sum(axis=-1, keepdims=True))
    reward = (np.exp(log_z) * COSTS).sum(axis=-1)

    def weighed(log_alpha):
        mixed = np.exp(log_alpha - temperature * log_z).sum(axis=-1)
        return (reward * (log_alpha.sum(axis=-1) - 8 * np.log(mixed))).sum()

    assert value == pytest.approx(reward.sum(), rel=1e-5)
    expected = finite_differences(weighed, LOG_ALPHA.astype(np.float64), 1e-5)
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-4)


def test_the_score_does_not_depend_on_the_temperature():
    """It is 1 - n softmax(-G): so the policy gradient's variance does not vanish with lambda."""
    noise = gumbel(LOG_ALPHA.shape, tf.constant([3, 4])).numpy()
    for temperature in (1.0, 0.1):
        edges = make_edges(LOG_ALPHA)
        log_z = tf.nn.log_softmax((LOG_ALPHA + noise) / temperature)
        with tf.GradientTape() as tape:
            density = edges.log_density(log_z, temperature)
        np.testing.assert_allclose(
            tape.gradient(density, edges.log_alpha.value), 1 - 8 * softmax(-noise), atol=1e-4
        )


@pytest.mark.parametrize("name", SAMPLED)
def test_sampled_gradients_average_to_the_exact_one_at_low_temperature(name):
    mean, error = averaged(name, 0.03)
    assert np.abs(mean - exact()).max() < 0.02
    assert (np.abs(mean - exact()) < 5 * error + 2e-3).all()


def test_at_temperature_one_both_average_to_the_relaxed_costs_gradient_not_to_the_childs():
    mean, error = averaged("reparameterization", 1.0)
    for name in ("policy_gradient", "with baseline"):
        other, spread = averaged(name, 1.0)
        assert (np.abs(mean - other) < 5 * (error + spread)).all()
    bias = np.abs(mean - exact())
    assert bias.max() > 10 * error.max()
    # Relaxed draws are more even than their distribution, so they cost less to move.
    assert np.linalg.norm(mean) < 0.8 * np.linalg.norm(exact())


def test_the_baseline_reduces_the_variance_of_the_policy_gradient():
    spread = {name: averaged(name, 0.03)[1] for name in SAMPLED}
    assert (spread["with baseline"] < spread["policy_gradient"]).all()


def test_nothing_is_infinite_at_the_last_temperature():
    noise = gumbel((1000, 8), tf.constant([5, 6])).numpy()
    log_alpha = np.tile(30 * LOG_ALPHA[:1], (1000, 1))
    for estimator in SAMPLED.values():
        value, gradient = estimate(estimator, log_alpha, noise, 0.03, lambda z: z * COSTS[0])
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
