import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.layers import placement
from snas_tf.training.means import sums
from snas_tf.training.traced_model import TracedModel

X = np.linspace(-1, 1, 12, dtype=np.float32)


def losses_of(model, batch):
    return (model.slope.value * batch["x"] - batch["y"]) ** 2


def prepare(model):
    """Gives a model its slope; it counts how often Python runs its step."""
    model.slope = model.add_weight(shape=(), initializer="zeros")
    model.traces = 0
    model.built = True
    model.compile(optimizer=keras.optimizers.SGD(0.1), jit_compile=False)


def descend(model, batch):
    model.traces += 1
    model.is_in_xla = placement.is_compiled()
    with tf.GradientTape() as tape:
        losses = losses_of(model, batch)
        loss = tf.reduce_mean(losses)
    model.optimizer.apply([tape.gradient(loss, model.slope.value)], [model.slope])
    return losses


class Ours(TracedModel):
    def __init__(self):
        super().__init__(("loss", "traces"), ("error",), name="ours")
        prepare(self)

    def train_step(self, batch):
        losses = descend(self, batch)
        return sums({"loss": losses, "traces": tf.constant(self.traces)})

    def test_step(self, batch):
        return sums({"error": losses_of(self, batch)}, batch["weight"])


class Theirs(keras.Model):
    def __init__(self):
        super().__init__()
        prepare(self)
        self.mean = keras.metrics.Mean(name="loss")

    def train_step(self, batch):
        losses = descend(self, batch)
        self.mean.update_state(losses)  # over examples
        return {"loss": self.mean.result()}


class StartAgain(keras.callbacks.Callback):
    """Callback that resets the means at the start of an epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if isinstance(self.model, TracedModel):
            self.model.training_means.reset()


def batches(size):
    return tf.data.Dataset.from_tensor_slices({"x": X, "y": 3 * X}).batch(size)


def fitted(model, size=5):
    history = model.fit(batches(size), epochs=3, shuffle=False, verbose=0, callbacks=[StartAgain()])
    return model, history.history["loss"]


def test_training_is_that_of_keras_with_batches_of_unequal_size():
    (ours, losses), (theirs, expected) = fitted(Ours()), fitted(Theirs())
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    assert float(ours.slope) == pytest.approx(float(theirs.slope), rel=1e-6)
    assert losses[-1] < losses[0]


def test_the_step_is_traced_once_for_all_epochs():
    model, _ = fitted(Ours(), size=4)
    assert model.traces == 1
    fitted(model, size=4)
    assert model.traces == 1


def held_out(weight):
    parts = {"x": X, "y": 3 * X, "weight": np.float32(weight)}
    return tf.data.Dataset.from_tensor_slices(parts).batch(5)


def test_what_is_measured_is_the_mean_over_the_examples_that_count():
    model, weight = Ours(), np.arange(12) < 7
    model.slope.assign(1.0)
    errors = (2 * X) ** 2
    assert model.measure(held_out(weight))["error"] == pytest.approx(errors[:7].mean(), rel=1e-6)
    model.slope.assign(2.0)
    again = model.measure(held_out(weight))
    assert again["error"] == pytest.approx(errors[:7].mean() / 4, rel=1e-6)


def test_measuring_changes_nothing_of_the_training():
    model, _ = fitted(Ours())
    before = model.training_means.result()
    model.measure(held_out(np.ones(12)))
    assert model.training_means.result() == before


def test_without_images_held_out_nothing_is_measured():
    assert Ours().measure(None) == {}


def test_run_eagerly_runs_every_step_in_python_with_the_same_result():
    (traced, losses), eager = fitted(Ours()), Ours()
    eager.compile(optimizer=eager.optimizer, run_eagerly=True)
    eager, eager_losses = fitted(eager)
    assert eager.traces == 3 * 3  # epochs x batches
    np.testing.assert_allclose(eager_losses, losses, rtol=1e-5)
    assert eager.measure(held_out(np.ones(12))) == pytest.approx(
        traced.measure(held_out(np.ones(12))), rel=1e-5
    )


def test_a_model_that_was_traced_is_run_eagerly_once_it_is_compiled_again():
    model, _ = fitted(Ours())
    before = model.traces
    model.compile(optimizer=model.optimizer, run_eagerly=True)
    fitted(model)
    assert model.traces == before + 3 * 3


def test_several_steps_in_one_call_are_refused():
    model = Ours()
    with pytest.raises(ValueError, match=r"^steps_per_execution must be 1 .* received: 2$"):
        model.compile(optimizer=model.optimizer, steps_per_execution=2)


def test_xla_compiles_the_step_with_the_same_result():
    (plain, losses), compiled = fitted(Ours(), size=4), Ours()
    compiled.compile(optimizer=compiled.optimizer, jit_compile=True)
    compiled, compiled_losses = fitted(compiled, size=4)
    assert (compiled.is_in_xla, plain.is_in_xla) == (True, False)
    np.testing.assert_allclose(compiled_losses, losses, rtol=1e-5)


def test_a_loss_of_the_callers_is_refused():
    model = Ours()
    with pytest.raises(TypeError, match="loss"):
        model.compile(optimizer=model.optimizer, loss="mse")
