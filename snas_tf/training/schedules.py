"""Schedules: pure functions of the step."""

import math

import tensorflow as tf

ALPHA_SPREAD = 3.0
"""How far noise alone moves a log alpha over a whole search, in nats: docs/concepts/deciding.md."""


def alpha_rate(num_steps: int) -> float:
    """Compute the rate of log alpha for a search of `num_steps` steps: 3 / sqrt(num_steps).

    Adam makes steps of the size of its rate r. N steps of noise move log alpha by r sqrt(N). This
    rule keeps that at `ALPHA_SPREAD`, enough to decide edges whose operations are equally good.
    Where one is better on average, the drift r N grows with the length of the search.

    Args:
        num_steps: N, at least 1.
    """
    return ALPHA_SPREAD / math.sqrt(num_steps)


def linear(step: tf.Tensor, start: float, end: float, num_steps: int) -> tf.Tensor:
    """Interpolate linearly from `start` at step 0 to `end` at `num_steps`.

    The temperature of the search: lambda(step) = start + (end - start) step / num_steps.

    Args:
        step: how many steps have been taken, a scalar.
        start: value at step 0.
        end: value from `num_steps` on.
        num_steps: length of the ramp, at least 1.
    """
    progress = tf.minimum(tf.cast(step, tf.float32) / float(num_steps), 1.0)
    return start + (end - start) * progress


def epoch_decay(
    step: tf.Tensor, start: float, decay: float, epoch_steps: int, warmup_steps: int
) -> tf.Tensor:
    """Decay by a factor at the end of each epoch: start decay^(step // epoch_steps).

    During the warm-up it rises linearly instead, to `start` at its last step.

    Args:
        step: how many steps have been taken, a scalar.
        start: value in the first epoch.
        decay: the factor.
        epoch_steps: steps of an epoch.
        warmup_steps: length of the warm-up; 0 for none.
    """
    step = tf.cast(step, tf.float32)
    value = start * decay ** tf.floor(step / epoch_steps)
    if not warmup_steps:
        return value
    return tf.where(step < warmup_steps, start * (step + 1) / warmup_steps, value)
