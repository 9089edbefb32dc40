import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.training.traced_model import TracedModel


def model_of(base):
    class Model(base):
        """Fits a slope; counts how often its step is traced."""

        def __init__(self):
            super().__init__()
            self.slope = self.add_weight(shape=(), initializer="zeros")
            self.mean = keras.metrics.Mean(name="loss")
            self.traces = 0
            self.built = True
            self.compile(optimizer=keras.optimizers.SGD(0.1), jit_compile=False)

        def train_step(self, batch):
            self.traces += 1
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self.slope.value * batch["x"] - batch["y"]) ** 2)
            self.optimizer.apply([tape.gradient(loss, self.slope.value)], [self.slope])
            self.mean.update_state(loss)
            return {"loss": self.mean.result()}

    return Model()


def fitted(base):
    x = np.linspace(-1, 1, 12, dtype=np.float32)
    model = model_of(base)
    batches = tf.data.Dataset.from_tensor_slices({"x": x, "y": 3 * x}).batch(4)
    history = model.fit(batches, epochs=3, shuffle=False, verbose=0)
    return model, history.history["loss"]


def test_training_is_that_of_keras():
    (ours, losses), (theirs, expected) = fitted(TracedModel), fitted(keras.Model)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    assert float(ours.slope) == pytest.approx(float(theirs.slope), rel=1e-6)
    assert losses[-1] < losses[0]


def test_the_step_is_traced_once_for_all_epochs():
    model, _ = fitted(TracedModel)
    assert model.traces == 1
