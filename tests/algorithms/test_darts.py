import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms.algorithm import EVALUATION, TRAINING
from snas_tf.algorithms.darts import DARTS
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import SearchConfig
from tests.algorithms.small_models import (
    alpha_gradient,
    divide_sums,
    loss_gradients,
    make_algorithm,
    make_divided_batch,
    theta_gradient,
)
from tests.slow import slow
from tests.small_space import TINY

PLAIN = {"alpha_weight_decay": 0.0, "alpha_clip_norm": 0.0, "theta_clip_norm": 0.0}
"""Without what changes gradients on their way to the optimizers."""


def softmax(log_alpha):
    scores = np.exp(log_alpha - log_alpha.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def through_softmax(log_alpha, gradient):
    """Gradient of log alpha from that of its softmax."""
    p = softmax(log_alpha)
    return p * (gradient - (gradient * p).sum(axis=1, keepdims=True))


def spread(algorithm):
    """Set log alpha to values that differ."""
    generator = np.random.default_rng(7)
    algorithm.distribution.assign(
        {kind: generator.normal(size=TINY.shape).astype(np.float32) for kind in TINY.kinds}
    )
    return algorithm


def make(**settings):
    return spread(make_algorithm("darts", **{"space": TINY, **PLAIN, **settings}))


def expected_alpha_gradient(twin, batch):
    log_alpha = twin.distribution.log_alpha()
    z = {kind: softmax(one) for kind, one in log_alpha.items()}
    of_z, _ = loss_gradients(twin.network, batch, z, [])
    return [through_softmax(log_alpha[kind], of_z[kind].numpy()) for kind in TINY.kinds]


def test_a_draw_is_the_softmax_of_log_alpha_for_whatever_purpose():
    darts = make()
    darts.step.assign(3)
    for purpose, number in ((TRAINING, 0), (TRAINING, 1), (EVALUATION, 5)):
        z = darts.draw(purpose, number).z
        for kind, log_alpha in darts.distribution.log_alpha().items():
            np.testing.assert_allclose(z[kind], softmax(log_alpha), rtol=1e-5)


def test_alpha_has_the_gradient_on_the_images_held_out():
    batch = make_divided_batch()
    received = alpha_gradient(make(), batch)
    expected = expected_alpha_gradient(make(), batch["held_out"])
    other = expected_alpha_gradient(make(), batch)
    for one, right, wrong in zip(received, expected, other, strict=True):
        np.testing.assert_allclose(one, right, atol=2e-6)
        assert np.abs(one - wrong).max() > 1e-3


@pytest.mark.parametrize("order", ["1", "2"])
def test_theta_has_the_gradient_and_the_statistics_of_the_other_images_at_the_new_alpha(order):
    batch, darts, twin = make_divided_batch(), make(darts_order=order), make()
    means = divide_sums(darts.train_step(batch))
    twin.distribution.assign(darts.distribution.log_alpha())
    theta = [one.value for one in twin.theta]
    _, gradients = loss_gradients(twin.network, batch, twin.draw(TRAINING, 0).z, theta)
    decay = twin.config.theta_weight_decay
    for received, gradient, weight in zip(theta_gradient(darts), gradients, theta, strict=True):
        np.testing.assert_allclose(received, gradient + decay * weight, atol=2e-6)
    pairs = zip(
        darts.network.non_trainable_variables, twin.network.non_trainable_variables, strict=True
    )
    for received, expected in pairs:
        np.testing.assert_allclose(received, expected, rtol=1e-5, err_msg=received.path)
    logits = twin.network(batch["image"], twin.draw(TRAINING, 0).z, training=True)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
    assert means["loss"] == means["cross_entropy"]
    assert means["loss"] == pytest.approx(float(tf.reduce_mean(losses)), rel=1e-5)


def test_single_level_moves_both_with_the_loss_on_the_same_images_at_the_same_alpha():
    batch = make_divided_batch()
    del batch["held_out"]
    darts, twin = make(darts_order="single_level"), make()
    received = alpha_gradient(darts, batch)
    for one, expected in zip(received, expected_alpha_gradient(make(), batch), strict=True):
        np.testing.assert_allclose(one, expected, atol=2e-6)
    theta = [one.value for one in twin.theta]
    _, gradients = loss_gradients(twin.network, batch, twin.draw(TRAINING, 0).z, theta)
    decay = twin.config.theta_weight_decay
    for velocity, gradient, weight in zip(theta_gradient(darts), gradients, theta, strict=True):
        np.testing.assert_allclose(velocity, gradient + decay * weight, atol=2e-6)


def test_a_single_level_step_runs_the_network_once():
    assert [count("compute_logits", order) for order in ("single_level", "1", "2")] == [1, 2, 5]


def test_replicas_share_the_statistics_of_one_pass_a_step():
    assert [count("call", order) for order in ("single_level", "1", "2")] == [1, 1, 1]


def count(method, order):
    """How often a step calls a method of the network."""
    darts, seen = make(darts_order=order), []
    original = getattr(darts.network, method)

    def counted(*args, **kwargs):
        seen.append(1)
        return original(*args, **kwargs)

    setattr(darts.network, method, counted)
    darts.train_step(make_divided_batch())
    return len(seen)


def test_only_images_held_out_need_dividing():
    for order, divided in (("1", True), ("2", True), ("single_level", False)):
        assert DARTS.learns_from_held_out_images(make_config(order)) == divided


def make_config(order):
    return SearchConfig(algorithm="darts", darts_order=order)


@pytest.mark.parametrize("order", ["1", slow("2"), "single_level"])
def test_no_optimizer_sees_the_variables_of_the_other(order):
    darts = make(darts_order=order)
    theta, alpha = ({id(one) for one in part} for part in (darts.theta, darts.alpha))
    assert not theta & alpha
    assert theta | alpha == {id(one) for one in darts.trainable_variables}
    results = []
    for clip, decay in ((0.0, 0.0), (1e-3, 0.5)):
        settings = {"theta_clip_norm": clip, "theta_weight_decay": decay}
        if order == "2":  # Its gradient of alpha sees theta's decay, through the step of theta.
            settings["theta_learning_rate"] = 0.0
        darts = make(darts_order=order, **settings)
        darts.train_step(make_divided_batch())
        results.append(darts.distribution.log_alpha())
    for kind in TINY.kinds:
        np.testing.assert_array_equal(results[0][kind], results[1][kind])


def test_decay_and_clipping_of_alpha_do_not_touch_theta():
    results = []
    for settings in ({}, {"alpha_clip_norm": 1e-4, "alpha_weight_decay": 0.5}):
        darts = make(**settings, darts_order="single_level")
        darts.train_step(make_divided_batch())
        results.append([one.numpy() for one in darts.theta])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_decay_of_alpha_is_coupled_as_published():
    batch = make_divided_batch()
    plain, decayed = make(), make(alpha_weight_decay=0.5)
    start = plain.distribution.log_alpha()
    pairs = zip(alpha_gradient(plain, batch), alpha_gradient(decayed, batch), strict=True)
    for kind, (one, other) in zip(TINY.kinds, pairs, strict=True):
        np.testing.assert_allclose(other - one, 0.5 * start[kind], rtol=1e-4, atol=1e-6)


# The second order, against the exact derivative.

EDGES = SearchSpace("three_edges", TINY.operations, ("normal",), 1, 2)


class Bilinear(keras.layers.Layer):
    """A network whose derivatives of any order are those of a few products and a tanh."""

    def __init__(self):
        super().__init__()
        self.network_plan = types.SimpleNamespace(space=EDGES)
        self.inner = self.add_weight(shape=(*EDGES.shape, 3, 5), initializer="glorot_normal")
        self.outer = self.add_weight(shape=(5, 4), initializer="glorot_normal")
        self.built = True

    def call(self, images, z, training=False):
        return self.compute_logits(images, z, training)

    def compute_logits(self, images, z, training):
        weights = (self.inner.value, self.outer.value)
        return bilinear_logits(images, z["normal"], weights)


def bilinear_logits(images, z, weights):
    """Logits of a linear layer for each entry of z, their sum, a tanh and a linear layer."""
    inner, outer = weights
    x = tf.reduce_mean(tf.cast(images, tf.float32), (1, 2)) / 32 - 4
    return tf.tanh(tf.einsum("bi,ek,ekij->bj", x, z, inner)) @ outer


def bilinear_loss(batch, theta, log_alpha):
    logits = bilinear_logits(batch["image"], tf.nn.softmax(log_alpha), theta)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits))


def exact_gradient(darts, batch, velocities):
    """The derivative of the loss after theta's step, which itself depends on alpha."""
    config, rate = darts.config, float(darts.theta_optimizer.learning_rate)
    theta = [tf.constant(one.numpy()) for one in darts.theta]
    log_alpha = tf.constant(darts.alpha[0].numpy())
    with tf.GradientTape() as outer:
        outer.watch(log_alpha)
        with tf.GradientTape() as inner:
            inner.watch(theta)
            loss = bilinear_loss(batch, theta, log_alpha)
        moved = [
            one - rate * (config.theta_momentum * velocity + part + config.theta_weight_decay * one)
            for one, velocity, part in zip(
                theta, velocities, inner.gradient(loss, theta), strict=True
            )
        ]
        unrolled = bilinear_loss(batch["held_out"], moved, log_alpha)
    return outer.gradient(unrolled, log_alpha).numpy()


@pytest.mark.parametrize("momentum", [0.9, 0.0])
def test_the_second_order_is_the_derivative_of_the_loss_after_thetas_step(momentum):
    keras.utils.set_random_seed(0)
    settings = {"theta_learning_rate": 2.0, "theta_momentum": momentum, "theta_weight_decay": 0.02}
    config = SearchConfig(algorithm="darts", darts_order="2", **{**PLAIN, **settings})
    darts = DARTS(Bilinear(), config, num_steps=10, seed=0)
    darts.train_step(make_divided_batch(seed=1))  # so that there are velocities
    velocities = [one.numpy() for one in darts.theta_optimizer.momentums] or [0.0, 0.0]
    batch = make_divided_batch(seed=2)
    exact = exact_gradient(darts, batch, velocities)
    first_order = exact_gradient_of_first_order(darts, batch)
    (received,) = alpha_gradient(darts, batch)
    assert np.abs(exact - first_order).max() > 0.1 * np.abs(exact).max()
    np.testing.assert_allclose(received, exact, atol=2e-3 * np.abs(exact).max())


def exact_gradient_of_first_order(darts, batch):
    log_alpha = tf.constant(darts.alpha[0].numpy())
    with tf.GradientTape() as tape:
        tape.watch(log_alpha)
        theta = [one.value for one in darts.theta]
        loss = bilinear_loss(batch["held_out"], theta, log_alpha)
    return tape.gradient(loss, log_alpha).numpy()


def test_without_a_rate_the_second_order_is_the_first():
    batch = make_divided_batch()
    first = alpha_gradient(make(theta_learning_rate=0.0), batch)
    second = alpha_gradient(make(theta_learning_rate=0.0, darts_order="2"), batch)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
