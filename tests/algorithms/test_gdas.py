import numpy as np
import tensorflow as tf

from snas_tf.algorithms.algorithm import EVALUATION, LEARNING, TRAINING
from snas_tf.algorithms.gdas import GDAS, straight_through
from snas_tf.config import SearchConfig
from tests.algorithms.small_models import (
    alpha_gradient,
    loss_gradients,
    make_algorithm,
    make_divided_batch,
)
from tests.small_space import SMALL

PLAIN = {"alpha_weight_decay": 0.0, "alpha_clip_norm": 0.0}


def make(**settings):
    return make_algorithm("gdas", **{**PLAIN, "initial_temperature": 2.0, **settings})


def relaxed(gdas, purpose, number=0):
    """The relaxed draw (Eq. 5) of the noise that a draw has."""
    seed = gdas.make_seed(purpose, number, gdas.step.value)
    noise = gdas.distribution.draw(tf.constant(1.0), seed).noise
    found = {}
    for kind, log_alpha in gdas.distribution.log_alpha().items():
        scores = np.exp((log_alpha + noise[kind].numpy()) / float(gdas.temperature()))
        found[kind] = scores / scores.sum(axis=1, keepdims=True)
    return found


def test_a_draw_is_exactly_the_one_hot_of_the_relaxed_draw():
    gdas = make()
    for step in range(3):
        gdas.step.assign(step)
        for purpose, number in ((TRAINING, 0), (LEARNING, 0), (EVALUATION, 7)):
            z = gdas.draw(purpose, number).z
            for kind, expected in relaxed(gdas, purpose, number).items():
                np.testing.assert_array_equal(z[kind], np.eye(4)[expected.argmax(axis=1)])


def test_the_straight_through_estimator_has_the_gradient_of_the_relaxed_draw():
    generator = np.random.default_rng(0)
    scores, weights = generator.normal(size=(2, 50, 4)).astype(np.float32)
    logits = tf.constant(scores)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        soft = tf.nn.softmax(logits)
        hard = straight_through(soft)
        sums = [tf.reduce_sum(weights * one) for one in (soft, hard)]
    np.testing.assert_array_equal(hard, np.eye(4)[scores.argmax(axis=1)])
    np.testing.assert_array_equal(tape.gradient(sums[0], logits), tape.gradient(sums[1], logits))


def test_alpha_has_the_gradient_of_the_relaxed_draw_on_the_images_held_out():
    """Theirs, with p the relaxed draw: p (g - g . p) / temperature, g = dL/dZ at the one-hot Z."""
    batch, gdas, twin = make_divided_batch(), make(), make()
    temperature = float(gdas.temperature())
    assert temperature == 2
    soft = relaxed(gdas, LEARNING)
    received = alpha_gradient(gdas, batch)
    z = {kind: np.eye(4, dtype=np.float32)[one.argmax(axis=1)] for kind, one in soft.items()}
    of_z, _ = loss_gradients(twin.network, batch["held_out"], z, [])
    for kind, one in zip(SMALL.kinds, received, strict=True):
        gradient, p = of_z[kind].numpy(), soft[kind]
        expected = p * (gradient - (gradient * p).sum(axis=1, keepdims=True)) / temperature
        np.testing.assert_allclose(one, expected, atol=1e-6)
        assert np.abs(one).max() > 1e-3


def test_an_operation_that_does_not_run_has_no_part_in_the_gradient():
    batch = make_divided_batch()
    gdas, twin = make(skip_threshold=1e-6), make()
    soft = relaxed(gdas, LEARNING)
    received = alpha_gradient(gdas, batch)
    z = {kind: np.eye(4, dtype=np.float32)[one.argmax(axis=1)] for kind, one in soft.items()}
    of_z, _ = loss_gradients(twin.network, batch["held_out"], z, [])
    for kind, one in zip(SMALL.kinds, received, strict=True):
        gradient, p = of_z[kind].numpy() * z[kind], soft[kind]
        expected = p * (gradient - (gradient * p).sum(axis=1, keepdims=True)) / 2
        np.testing.assert_allclose(one, expected, atol=1e-6)


def test_theta_and_alpha_have_draws_of_their_own_in_every_step():
    gdas = make()
    draws = []
    for step in (0, 1):
        gdas.step.assign(step)
        draws += [gdas.draw(purpose, 0).z["normal"].numpy() for purpose in (TRAINING, LEARNING)]
    assert len({one.tobytes() for one in draws}) == 4


def test_the_published_settings_are_its_defaults():
    config = SearchConfig(algorithm="gdas")
    assert (config.initial_temperature, config.final_temperature) == (10, 0.1)
    assert (config.alpha_learning_rate, config.alpha_decay) == (3e-4, "coupled")
    assert GDAS.learns_from_held_out_images(config)
