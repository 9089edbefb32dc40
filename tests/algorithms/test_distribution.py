import numpy as np
import tensorflow as tf

from snas_tf.algorithms.distribution import Distribution
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS

SEED = tf.constant([3, 4])


def test_a_draw_of_each_kind_is_that_of_its_noise():
    distribution = Distribution(DARTS, seed=1)
    draw = distribution.draw(tf.constant(0.5), SEED)
    for kind, log_alpha in distribution.log_alpha().items():
        scores = np.exp((log_alpha + draw.noise[kind].numpy()) / 0.5)
        np.testing.assert_allclose(
            draw.z[kind], scores / scores.sum(axis=1, keepdims=True), rtol=1e-5
        )
    assert not np.allclose(draw.noise["normal"], draw.noise["reduce"])


def test_draws_of_one_seed_are_the_same():
    distribution = Distribution(DARTS, relaxation="one_hot")
    draws = [distribution.draw(tf.constant(1.0), SEED).z["normal"] for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    assert set(draws[0].numpy().ravel()) == {0, 1}


def test_the_parameters_have_the_shape_of_the_space_and_can_be_set():
    space = SearchSpace("small", ("none", "skip_connect"), ("cell",), 1, 2)
    distribution = Distribution(space)
    assert [variable.shape for variable in distribution.alpha] == [(3, 2)]
    distribution.assign({"cell": np.eye(3, 2)})
    np.testing.assert_array_equal(distribution.log_alpha()["cell"], np.eye(3, 2))
