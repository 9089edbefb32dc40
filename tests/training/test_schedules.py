import numpy as np
import pytest
import tensorflow as tf

from snas_tf.training import schedules


def test_the_rate_of_alpha_falls_with_the_root_of_the_searchs_length():
    lengths = [1, 9, 100, 900, 105_450]
    rates = [schedules.alpha_rate(steps) for steps in lengths]
    np.testing.assert_allclose(rates, [3.0, 1.0, 0.3, 0.1, 0.0092384], rtol=1e-5)


def test_steps_of_noise_at_the_rate_of_alpha_lead_equally_far_in_a_search_of_any_length():
    generator = np.random.default_rng(0)
    for steps in (64, 1024, 4096):
        signs = generator.choice([-1.0, 1.0], (2000, steps))
        ends = schedules.alpha_rate(steps) * signs.sum(axis=1)
        assert np.std(ends) == pytest.approx(3, rel=0.06)


def test_linear_is_a_straight_line_and_then_level():
    steps = np.arange(0, 151)
    curve = [float(schedules.linear(tf.constant(step), 1.0, 0.03, 100)) for step in steps]
    np.testing.assert_allclose(curve, np.interp(steps, [0, 100], [1.0, 0.03]), atol=1e-6)


def test_linear_takes_the_variable_that_counts_steps():
    assert float(schedules.linear(tf.Variable(50, dtype=tf.int64), 2.0, 4.0, 100)) == pytest.approx(
        3
    )


def test_the_rate_falls_by_a_factor_an_epoch():
    rates = [schedules.epoch_decay(step, 0.5, 0.9, 4, 0).numpy() for step in range(12)]
    np.testing.assert_allclose(rates, np.repeat([0.5, 0.45, 0.405], 4), rtol=1e-6)


def test_a_warm_up_rises_to_the_rate_and_then_meets_the_decay():
    rates = [schedules.epoch_decay(step, 0.5, 0.9, 4, 4).numpy() for step in range(8)]
    expected = [0.125, 0.25, 0.375, 0.5, *[0.45] * 4]
    np.testing.assert_allclose(rates, expected, rtol=1e-6)
