import numpy as np
import pytest
import tensorflow as tf

from snas_tf.training import schedules


def test_linear_is_a_straight_line_and_then_level():
    steps = np.arange(0, 151)
    curve = [float(schedules.linear(tf.constant(step), 1.0, 0.03, 100)) for step in steps]
    np.testing.assert_allclose(curve, np.interp(steps, [0, 100], [1.0, 0.03]), atol=1e-6)


def test_linear_takes_the_variable_that_counts_steps():
    assert float(schedules.linear(tf.Variable(50, dtype=tf.int64), 2.0, 4.0, 100)) == pytest.approx(
        3
    )
