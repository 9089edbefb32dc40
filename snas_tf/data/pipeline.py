"""How pipelines of `tf.data` share the cores."""

import os

import tensorflow as tf

AHEAD = 2
"""Batches that are made at once, and before they are wanted."""


def count_cores() -> int:
    """Return how many images are read at once."""
    return os.cpu_count() or 1


def keep_numbers(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Make what `tf.data` does at once and ahead the numbers that a pipeline states.

    The thread that would tune them sleeps for up to a minute at a time, and the end of an iterator
    often waits until it wakes.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
