import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.training import loss_scale
from snas_tf.training.loss_scale import LossScale
from snas_tf.training.means import sums
from snas_tf.training.traced_model import TracedModel


class TwoOptimizers(TracedModel):
    """Two factors of x, each with an optimizer that has a memory, whose product is float16."""

    def __init__(self):
        super().__init__(("loss",), (), "model", LossScale("float16"))
        self.factors = [
            self.add_weight(shape=(), initializer="ones", name=one) for one in ("a", "b")
        ]
        self.built = True
        self.optimizers = [keras.optimizers.SGD(0.1, momentum=0.9), keras.optimizers.Adam(0.1)]
        for optimizer, factor in zip(self.optimizers, self.factors, strict=True):
            optimizer.build([factor])
        self.compile(self.optimizers[0])

    @property
    def step(self):
        return self.optimizers[0].iterations

    def state(self):
        return [*self.variables, *(one for two in self.optimizers for one in two.variables)]

    def train_step(self, x):
        values = [factor.value for factor in self.factors]
        with tf.GradientTape() as tape:
            first, second = (tf.cast(value, tf.float16) for value in values)
            losses = tf.cast(first * second * tf.cast(x, tf.float16), tf.float32)
            loss = tf.reduce_mean(losses)
        gradients = self.loss_scale.gradient(tape, loss, values)
        for optimizer, *pair in zip(self.optimizers, gradients, self.factors, strict=True):
            optimizer.apply(pair[:1], pair[1:])
        return sums({"loss": losses})


def train(model, x, steps=1):
    batches = iter(tf.data.Dataset.from_tensors(tf.constant([x])).repeat())
    for _ in range(steps):
        logs = model.make_train_function()(batches)
    return float(logs["loss"])


def values(model):
    kept = {id(model.step), *map(id, model.loss_scale.variables)}
    return [one.numpy() for one in model.state() if id(one) not in kept]


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_the_gradient_is_that_of_the_tape(precision):
    scale, x = LossScale(precision), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        loss = x**3
    found = scale.gradient(tape, loss, {"x": x, "other": [tf.Variable(1.0)]})
    assert found == {"x": 27.0, "other": [None]}
    assert len(scale.variables) == (2 if precision == "float16" else 0)


def test_small_gradients_do_not_vanish():
    """1e-8 is below the smallest float16."""
    x = tf.constant(1.0)
    for precision, expected in (("float32", 0.0), ("float16", 1e-8)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = 1e-8 * tf.cast(tf.cast(x, tf.float16), tf.float32)
        found = LossScale(precision).gradient(tape, loss, x)
        assert float(found) == pytest.approx(expected, rel=1e-3)


def test_a_step_that_overflows_is_undone_for_both_optimizers_and_halves_the_scale():
    model = TwoOptimizers()
    train(model, 0.5, steps=3)
    before, mean = values(model), model.training_means.result()
    assert np.isfinite(train(model, 3.0))  # 3 x 2^15 is beyond float16, 3 x 2^14 is not.
    for value, expected in zip(values(model), before, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert model.training_means.result() == mean
    assert model.step.numpy() == 4  # The images and schedules go on.
    assert model.loss_scale.scale.numpy() == loss_scale.INITIAL_SCALE / 2
    assert model.loss_scale.good_steps.numpy() == 0
    train(model, 3.0)
    assert model.factors[0].numpy() != before[0]


def test_the_scale_doubles_after_many_good_steps(monkeypatch):
    monkeypatch.setattr(loss_scale, "GROWTH_STEPS", 3)
    model = TwoOptimizers()
    model.loss_scale.scale.assign(4.0)
    train(model, 0.5, steps=7)
    assert model.loss_scale.scale.numpy() == 16
    assert model.loss_scale.good_steps.numpy() == 1


def test_a_training_that_diverges_at_a_scale_of_one_is_not_covered_up():
    model = TwoOptimizers()
    model.loss_scale.scale.assign(1.0)
    train(model, np.inf)
    assert not np.isfinite(model.factors[0].numpy())
    assert model.loss_scale.scale.numpy() == 1
