import numpy as np
import pytest
import tensorflow as tf

from snas_tf.training.means import Means, sums


def add(means, values, weight=None):
    weight = None if weight is None else tf.constant(weight, tf.float32)
    values = {name: tf.constant(value) for name, value in values.items()}
    added = means.add(tf.distribute.get_strategy(), sums(values, weight))
    return {name: float(value) for name, value in added.items()}


def test_the_mean_is_over_all_examples_whatever_the_batches():
    generator = np.random.default_rng(0)
    means = Means(("loss", "accuracy"), "means")
    losses, right = [], []
    for size in (7, 1, 4, 30):
        losses.append(generator.normal(size=size).astype(np.float32))
        right.append(generator.random(size) < 0.3)
        added = add(means, {"loss": losses[-1], "accuracy": right[-1]})
    expected = {
        "loss": np.concatenate(losses).astype(np.float64).mean(),
        "accuracy": np.concatenate(right).mean(),
    }
    assert means.result() == pytest.approx(expected, rel=1e-12)
    assert added == pytest.approx(expected, rel=1e-12)


def test_examples_count_with_their_weight():
    means, weight = Means(("loss",), "means"), [1, 1, 0, 1, 0, 0.5]
    losses = np.random.default_rng(1).normal(size=6).astype(np.float32)
    for part in (slice(0, 4), slice(4, 6)):
        add(means, {"loss": losses[part]}, weight[part])
    assert means.result()["loss"] == pytest.approx(np.average(losses, weights=weight), rel=1e-6)


def test_a_value_of_the_whole_batch_counts_for_each_of_its_examples():
    means = Means(("loss", "penalty"), "means")
    for size, penalty in ((2, 0.5), (6, 1.5)):
        add(means, {"penalty": np.float32(penalty), "loss": np.zeros(size, np.float32)})
    assert means.result()["penalty"] == pytest.approx((2 * 0.5 + 6 * 1.5) / 8)


def test_a_long_epoch_loses_no_precision():
    """A million additions in single precision are off in the third digit."""
    means = Means(("loss",), "means")
    values = np.full((1000, 1000), 0.1, np.float32)
    for batch in values:
        add(means, {"loss": batch})
    naive = np.cumsum(values.ravel(), dtype=np.float32)[-1]
    exact = float(np.float32(0.1))
    assert abs(naive / 1e6 - exact) > 1e-4
    assert means.result()["loss"] == pytest.approx(exact, rel=1e-12)


def test_after_a_reset_nothing_before_it_counts():
    means = Means(("loss",), "means")
    add(means, {"loss": np.full(5, 9.0, np.float32)})
    means.reset()
    assert means.result() == {"loss": 0.0}
    add(means, {"loss": np.full(3, 2.0, np.float32)})
    assert means.result() == {"loss": 2.0}


def test_an_example_that_is_no_number_shows_in_the_mean():
    means = Means(("loss", "accuracy"), "means")
    losses = np.array([1, np.nan], np.float32)
    added = add(means, {"loss": losses, "accuracy": np.ones(2, bool)})
    assert np.isnan(added["loss"])
    assert means.result() == pytest.approx({"loss": np.nan, "accuracy": 1}, nan_ok=True)


def test_the_sums_so_far_are_one_variable_that_a_checkpoint_can_hold():
    means, again = (Means(("loss",), "means") for _ in range(2))
    add(means, {"loss": np.array([1, 2], np.float32)})
    assert [tuple(one.shape) for one in means.variables] == [(2,)]
    again.totals.assign(means.totals)
    add(again, {"loss": np.array([6], np.float32)})
    assert again.result() == {"loss": 3.0}
