"""Seeds of the random numbers that make batches."""

import tensorflow as tf

ORDER, AUGMENTATION, CUTOUT = 0, 1, 2
"""What a random number is for; one seed drives all of them independently."""


def make_seed(seed: int, purpose: int, number: tf.Tensor) -> tf.Tensor:
    """Make a seed for one purpose and one number.

    Args:
        seed: seed of the run.
        purpose: `ORDER`, `AUGMENTATION` or `CUTOUT`.
        number: number of the epoch or the step, an integer [].

    Returns:
        int64 [2], different for every purpose and number.
    """
    return tf.random.experimental.stateless_fold_in(tf.constant([seed, purpose], tf.int64), number)
