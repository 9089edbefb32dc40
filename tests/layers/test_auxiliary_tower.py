import json

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.spaces import DARTS
from snas_tf.layers.auxiliary_tower import AuxiliaryTower, has_room
from tests.random_genotypes import randomize

CLASSES = 5


def make(size, channels=6, seed=0):
    """A tower with random weights, and its input."""
    tower = AuxiliaryTower(CLASSES, size, channels)
    randomize(tower, seed)
    x = np.random.default_rng(seed).normal(size=(3, *size, channels)).astype(np.float32)
    return tower, tf.constant(x)


def statement(tower, x, windows, training):
    """The tower in NumPy; `windows` are the slices of rows and of columns that it averages."""
    weights = iter(variable.numpy().astype(float) for variable in tower.weights)

    def normalize(x):
        gamma, beta, mean, variance = (next(weights) for _ in range(4))
        if training:
            axes = tuple(range(x.ndim - 1))
            mean, variance = x.mean(axis=axes), x.var(axis=axes)
        return (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta

    x = np.maximum(x, 0)
    rows, columns = windows
    x = np.stack(
        [
            np.stack([x[:, row, column].mean(axis=(1, 2)) for column in columns], axis=1)
            for row in rows
        ],
        axis=1,
    )
    x = np.maximum(normalize(x @ next(weights)[0, 0]), 0)
    x = np.maximum(normalize(np.einsum("buvi,uvio->bo", x, next(weights))), 0)
    return x @ next(weights) + next(weights)


# On CIFAR's 8 x 8 and on 7 x 7 the published windows: 5 x 5, strides 3 and 2.
WINDOWS = {
    (8, 8): ([slice(0, 5), slice(3, 8)],) * 2,
    (7, 7): ([slice(0, 5), slice(2, 7)],) * 2,
    (2, 3): ([slice(0, 1), slice(1, 2)], [slice(0, 2), slice(1, 3)]),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", WINDOWS)
def test_the_tower_is_its_numpy_statement(size, training):
    tower, x = make(size)
    expected = statement(tower, x.numpy().astype(float), WINDOWS[size], training)
    np.testing.assert_allclose(tower(x, training=training), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (4, 4), (16, 9), (56, 31)])
def test_two_windows_a_side_see_every_pixel(size):
    tower = AuxiliaryTower(CLASSES, size, 2)
    x = tf.Variable(tf.random.stateless_uniform([1, *size, 2], [1, 2], minval=0.5))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(tower(x)))
    assert tower(x).shape == (1, CLASSES)
    assert np.all(np.abs(tape.gradient(loss, x)).sum(axis=-1) > 0)


def test_training_moves_the_statistics_with_momentum_one_tenth():
    tower = AuxiliaryTower(CLASSES, (8, 8), 6)
    x = tf.random.stateless_normal([4, 8, 8, 6], [3, 4])
    tower(x, training=True)
    kernel = tower.weights[0].numpy()[0, 0]
    pooled = tf.nn.avg_pool2d(tf.nn.relu(x), 5, 3, "VALID").numpy() @ kernel
    statistics = {one.path.split("/")[-1]: one.numpy() for one in tower.non_trainable_variables[:2]}
    mean, variance = pooled.mean(axis=(0, 1, 2)), pooled.var(axis=(0, 1, 2))
    np.testing.assert_allclose(statistics["moving_mean"], 0.1 * mean, atol=1e-5)
    np.testing.assert_allclose(statistics["moving_variance"], 0.9 + 0.1 * variance, atol=1e-5)


def test_output_shape_and_config_tell_the_truth():
    tower, x = make((7, 5))
    assert tower.compute_output_shape(x.shape)[1:] == tuple(tower(x).shape[1:])
    again = AuxiliaryTower.from_config(json.loads(json.dumps(tower.get_config())))
    again.set_weights(tower.get_weights())
    np.testing.assert_array_equal(again(x), tower(x))


@pytest.mark.parametrize("size", [(1, 4), (4, 1), (1, 1)])
def test_a_map_without_room_for_two_windows_is_refused(size):
    assert not has_room(size)
    with pytest.raises(ValueError, match="at least 2 x 2, received"):
        AuxiliaryTower(CLASSES, size, 4)


@pytest.mark.parametrize(("stem", "largest", "first"), [("cifar", 40, 5), ("imagenet", 192, 33)])
def test_the_map_of_any_images_has_room_for_a_tower_or_is_known_to_have_none(stem, largest, first):
    sides = {}  # of the map, each with the smallest side of images that leaves it
    for side in range(1, largest + 1):
        network_plan = DARTS.plan_network(3, 2, (side, largest), stem=stem)
        sides.setdefault(network_plan[2].output_size[0], side)
    widest = max(sides)
    assert sorted(sides) == list(range(1, widest + 1))
    for side, image_side in sides.items():
        for size in ((side, widest), (widest, side), (side, side)):
            assert has_room(size) == (image_side >= first)
            if has_room(size):
                assert AuxiliaryTower(2, size, 1)(tf.zeros([1, *size, 1])).shape == (1, 2)
