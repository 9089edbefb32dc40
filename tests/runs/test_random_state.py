import random

import keras
import numpy as np
import pytest

from snas_tf.runs.random_state import seeded


def draw():
    return random.random(), np.random.uniform()


def fail(_):
    raise ZeroDivisionError


def test_what_is_drawn_while_it_lasts_follows_the_seed():
    with seeded(5):
        first = draw()
    with seeded(5):
        again = draw()
    with seeded(6):
        other = draw()
    assert first == again
    assert not {*first} & {*other}


def test_what_is_drawn_afterwards_is_what_would_have_been_drawn():
    random.seed(1)
    np.random.seed(1)
    expected = draw()
    random.seed(1)
    np.random.seed(1)
    with pytest.raises(ZeroDivisionError), seeded(5):
        fail(draw())
    assert draw() == expected


def test_initial_weights_are_those_of_keras_with_this_seed():
    def weights():
        layer = keras.layers.Dense(3)
        layer.build((None, 4))
        return layer.get_weights()[0]

    with seeded(5):
        ours = weights()
    keras.utils.set_random_seed(5)
    np.testing.assert_array_equal(ours, weights())
