"""Schedules: pure functions of the step."""

import tensorflow as tf


def linear(step: tf.Tensor, start: float, end: float, num_steps: int) -> tf.Tensor:
    """Falls (or rises) from `start` at step 0 to `end` at `num_steps`, then stays.

    The temperature of the search: lambda(step) = start + (end - start) step / num_steps.

    Args:
        step: how many steps have been taken, a scalar.
        start: value at step 0.
        end: value from `num_steps` on.
        num_steps: length of the ramp, at least 1.
    """
    progress = tf.minimum(tf.cast(step, tf.float32) / float(num_steps), 1.0)
    return start + (end - start) * progress
