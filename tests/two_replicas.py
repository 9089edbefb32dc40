"""Training on two replicas; test_distributed.py runs this file in a separate process.

Devices are set up once in a process, before TensorFlow starts.
"""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms.algorithm import LEARNING, TRAINING
from snas_tf.algorithms.enas import ENAS
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.algorithms.snas import SNAS
from snas_tf.architecture.application import Application
from snas_tf.config import SearchConfig
from snas_tf.data.batches import VALIDATION, BatchConfig
from snas_tf.data.images import Images
from snas_tf.data.memory_dataset import MemoryDataset
from snas_tf.layers import replicas
from snas_tf.models.description import NetworkDescription
from snas_tf.runs import devices
from snas_tf.training import optimizers
from snas_tf.training.means import Means, sums
from tests.small_space import SMALL

CONFIG = SearchConfig(
    num_cells=3,
    init_channels=2,
    constraint_weight=3.0,
    theta_clip_norm=0,
    alpha_clip_norm=0,
    skip_threshold=0,
)
SMALL_IMAGES = NetworkDescription(3, 2, (8, 8), ("a", "b"), (120,) * 3, (60,) * 3)


@pytest.fixture(scope="module")
def strategy():
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )
    devices.configure()
    strategy = devices.strategy(batch_size=8)
    assert strategy.num_replicas_in_sync == 2
    return strategy


@pytest.fixture(scope="module")
def images():
    pixels = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 3), np.uint8)
    return Images(pixels, np.arange(16) % 4)


@pytest.fixture(scope="module")
def dataset(images):
    return MemoryDataset("x", images, images, tuple("abcd"), True)


def make(dataset):
    """A search's model."""
    keras.utils.set_random_seed(0)
    statistics = dataset.channel_statistics()
    description = NetworkDescription(3, 2, (8, 8), dataset.class_names, *statistics)
    parent = description.make_parent(SMALL, CONFIG.skip_threshold)
    return SearchModel(SNAS(parent, CONFIG, num_steps=10, seed=0))


@pytest.fixture
def model(strategy, dataset):
    """On both replicas."""
    with strategy.scope():
        return make(dataset)


@pytest.fixture
def twin(strategy, dataset):
    """The same algorithm on one."""
    return make(dataset).algorithm


def replica_id():
    return tf.distribute.get_replica_context().replica_id_in_sync_group


def on_each(strategy, value):
    """The values of the replicas."""
    return [one.numpy() for one in strategy.experimental_local_results(value)]


@pytest.mark.parametrize("kind", ["training", "evaluation"])
def test_batches_are_split_equally(strategy, kind):
    pixels = np.random.default_rng(0).integers(0, 256, (19, 8, 8, 3), np.uint8)
    images = Images(pixels, np.arange(19))
    dataset = MemoryDataset("x", images, images, ("a",), True)
    batches, steps = {
        "training": (dataset.training_batches(BatchConfig(batch_size=8), 0, 4), 4),
        "evaluation": (dataset.evaluation_batches(VALIDATION, 8), 3),
    }[kind]
    whole = list(batches.as_numpy_iterator())
    split = list(strategy.experimental_distribute_dataset(batches))
    assert len(whole) == len(split) == steps
    for batch, divided in zip(whole, split, strict=True):
        for name, value in batch.items():
            parts = on_each(strategy, divided[name])
            assert [len(part) for part in parts] == [4, 4]
            np.testing.assert_array_equal(np.concatenate(parts), value)


def test_each_replica_draws_for_itself(strategy, model, twin):
    draw = model.algorithm.draw
    draws = on_each(strategy, strategy.run(lambda: draw(TRAINING, replica_id()).z["normal"]))
    assert not np.allclose(*draws)
    for replica, z in enumerate(draws):
        np.testing.assert_allclose(z, twin.draw(TRAINING, replica).z["normal"], rtol=1e-6)


def halves_gradients(twin, batch):
    """What one device gets from both halves of the batch, each with its replica's draw."""
    variables = [one.value for one in (*twin.theta, *twin.alpha)]
    parts = []
    for replica in (0, 1):
        half = {name: value[4 * replica : 4 * replica + 4] for name, value in batch.items()}
        with tf.GradientTape() as tape:
            draw = twin.draw(TRAINING, replica)
            logits = twin.network(half["image"], draw.z, training=True)
            penalty = twin.penalty.estimate(twin.distribution.edges, draw.noise, draw.temperature)
            entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(half["label"], logits)
            loss = tf.reduce_sum(entropy) / 8 + penalty / 2
        parts.append(tape.gradient(loss, variables))
    return [(one + other).numpy() for one, other in zip(*parts, strict=True)]


def test_a_step_is_that_of_one_device_with_independent_draws_and_one_penalty(model, twin, dataset):
    batches = dataset.training_batches(BatchConfig(8), 0, 1)
    *of_theta, of_normal, of_reduce = halves_gradients(twin, next(iter(batches)))
    theta = [one.numpy() for one in model.algorithm.theta]
    model.fit(batches, epochs=1, steps_per_epoch=1, verbose=0, shuffle=False)
    for before, after, gradient in zip(theta, model.algorithm.theta, of_theta, strict=True):
        expected = -CONFIG.theta_learning_rate * (gradient + CONFIG.theta_weight_decay * before)
        np.testing.assert_allclose(after.numpy() - before, expected, atol=2e-6)
    slots = model.algorithm.alpha_optimizer._momentums
    for slot, gradient in zip(slots, (of_normal, of_reduce), strict=True):
        expected = 0.5 * gradient  # Adam's mean after one step
        np.testing.assert_allclose(slot.numpy(), expected, atol=1e-6, rtol=1e-4)


def make_enas(dataset):
    """ENAS with a controller so decided that rewards differ at least by their entropies."""
    keras.utils.set_random_seed(0)
    config = SearchConfig(
        3, 2, algorithm="enas", space=SMALL.name, controller_entropy_weight=0.1, skip_threshold=0
    )
    statistics = dataset.channel_statistics()
    description = NetworkDescription(3, 2, (8, 8), dataset.class_names, *statistics)
    enas = ENAS(description.make_parent(SMALL, 0), config, num_steps=10, seed=0)
    for weight in enas.controller.trainable_variables:
        weight.assign(10 * weight.numpy())
    return enas


def test_a_controller_learns_from_a_child_of_each_replica_and_their_mean_reward(strategy, dataset):
    with strategy.scope():
        enas = make_enas(dataset)
    twin = make_enas(dataset)
    weights = [one.value for one in twin.controller.trainable_variables]
    batches = dataset.training_batches(BatchConfig(8), 0, 1)
    batch, (split,) = next(iter(batches)), strategy.experimental_distribute_dataset(batches)
    rewards, gradients = [], []
    for replica in (0, 1):
        half = {name: value[4 * replica : 4 * replica + 4] for name, value in batch.items()}
        with tf.GradientTape() as tape:
            drawn = twin.draw(LEARNING, replica)
        gradients.append(tape.gradient(drawn.log_probability, weights))
        logits = twin.network(half["image"], drawn.z, training=False)
        accuracy = np.mean(np.argmax(logits, axis=1) == half["label"])
        rewards.append(accuracy + 0.1 * float(drawn.entropy))
    mean = np.mean(rewards)
    assert abs(rewards[0] - mean) > 1e-3
    received = strategy.run(tf.function(enas.train_controller, autograph=False), (split,))
    np.testing.assert_allclose(on_each(strategy, received), rewards, rtol=1e-5)
    np.testing.assert_allclose(on_each(strategy, enas.baseline.value), [mean] * 2, rtol=1e-5)
    # The first decay rate of Adam is 0, so its mean is the gradient.
    for slot, *parts in zip(enas.controller_optimizer._momentums, *gradients, strict=True):
        expected = -sum((reward - mean) * part for reward, part in zip(rewards, parts, strict=True))
        np.testing.assert_allclose(slot.numpy(), expected / 2, rtol=1e-3, atol=1e-7)
    for weight in enas.controller.trainable_variables:
        one, other = on_each(strategy, weight.value)
        np.testing.assert_array_equal(one, other, err_msg=weight.path)


@pytest.mark.parametrize(
    ("combine", "expected"), [(replicas.add_up, [2.0, 4.0]), (replicas.average, [1.0, 2.0])]
)
def test_replicas_agree_on_values_and_the_graph_of_the_step_is_freed_with_it(
    strategy, combine, expected
):
    def values():
        factor = 2.0 * tf.cast(replica_id(), tf.float32)
        return combine([factor * tf.constant(1.0), factor * tf.constant(2.0)])

    step = tf.function(lambda: strategy.run(values), autograph=False)
    graph = weakref.ref(step.get_concrete_function().graph)
    received = [on_each(strategy, one) for one in step()]
    np.testing.assert_array_equal(received, [[one, one] for one in expected])
    del step
    gc.collect()
    assert graph() is None


def test_the_rate_multiplies_the_velocity_on_every_device(strategy):
    with strategy.scope():
        rate = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.5, 0.05])
        optimizer = optimizers.MomentumSGD(rate, momentum=0.9)
        weight = keras.Variable(1.0)
        optimizer.build([weight])
    for _ in range(3):
        strategy.run(tf.function(lambda: optimizer.apply([tf.constant(1.0)], [weight])))
    expected = 1 - 0.5 - 0.05 * 1.9 - 0.05 * (0.9 * 1.9 + 1)
    np.testing.assert_allclose(on_each(strategy, weight.value), [expected] * 2, rtol=1e-5)


def test_measures_are_means_over_all_images_where_replicas_have_different_numbers(
    strategy, model, images, dataset
):
    batches = dataset.evaluation_batches(VALIDATION, 10)  # The last batch is padded.
    z = model.derive().one_hot()
    for kind in z:
        model.child[kind].assign(z[kind])
    model.evaluates_child.assign(True)
    logits = model.network(tf.constant(images.images), z, training=False)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(images.labels, logits)
    received = model.measure(batches)
    expected = {"cross_entropy": losses, "accuracy": np.argmax(logits, 1) == images.labels}
    for name, values in expected.items():
        np.testing.assert_allclose(received[name], np.mean(values), rtol=1e-6, err_msg=name)
    for variable in model.network.non_trainable_variables:
        one, other = on_each(strategy, variable.value)
        np.testing.assert_array_equal(one, other, err_msg=variable.path)


def parent(dataset):
    """A parent, and its forward pass in training."""
    algorithm = make(dataset).algorithm
    z = algorithm.draw(TRAINING, 0).z
    return algorithm.network, lambda images: algorithm.network(images, z, training=True)


def child(dataset):
    """A child with an auxiliary classifier, and its forward pass in training."""
    network = SMALL_IMAGES.make_child(make(dataset).derive(), auxiliary=True)
    assert network.auxiliary is not None
    seed = tf.constant([0, 1])
    return network, lambda images: network.training_logits(images, tf.constant(0.2), seed)


def child_called(dataset):
    """A child, and its forward pass as other programs train it."""
    network = SMALL_IMAGES.make_child(make(dataset).derive())
    return network, lambda images: network(images, training=True)


def application(_):
    """A network of Keras, and its forward pass in training."""
    keras.utils.set_random_seed(0)
    description = NetworkDescription(0, 0, (32, 32), ("a", "b"), (120,) * 3, (60,) * 3)
    network = description.make_network(Application("MobileNet"))
    return network, lambda images: network(images, training=True)


@pytest.mark.parametrize("make_network", [parent, child, child_called, application])
def test_moving_statistics_are_the_mean_of_what_each_replica_would_have(
    strategy, dataset, make_network
):
    side = 32 if make_network is application else 8
    shares = np.random.default_rng(1).integers(0, 200, (2, 4, side, side, 3), np.uint8)
    shares[1] //= 3
    with strategy.scope():
        network, train = make_network(dataset)
    alone = []
    for share in shares:
        twin, train_twin = make_network(dataset)
        for one, other in zip(twin.variables, network.variables, strict=True):
            one.assign(other.numpy())
        train_twin(tf.constant(share))
        alone.append([one.numpy() for one in twin.non_trainable_variables])
    strategy.run(tf.function(lambda: train(tf.gather(tf.constant(shares), replica_id()))))
    statistics = network.non_trainable_variables
    assert {one.name.removeprefix("moving_") for one in statistics} == {"mean", "variance"}
    for one, *values in zip(statistics, *alone, strict=True):
        assert not np.allclose(*values)
        for received in on_each(strategy, one.value):
            np.testing.assert_allclose(
                received, np.mean(values, axis=0), rtol=1e-4, atol=1e-6, err_msg=one.path
            )


def test_means_are_over_all_examples_where_more_of_one_replica_count(strategy):
    values = np.random.default_rng(2).normal(size=(2, 3, 8)).astype(np.float32)
    counted = np.array([[8, 8], [8, 1], [4, 0]])  # by step and replica
    weights = (np.arange(8) < counted[..., np.newaxis]).astype(np.float32)
    with strategy.scope():
        means = Means(("loss", "whole"), name="means")
    for step in range(3):

        def measure(step=step):
            loss = tf.gather(values[:, step], replica_id())
            whole = tf.cast(replica_id() + step, tf.float32)
            return sums({"loss": loss, "whole": whole}, tf.gather(weights[step], replica_id()))

        means.add(strategy, strategy.run(measure))
    result = means.result()
    expected = np.average(values.transpose(1, 0, 2), weights=weights)
    np.testing.assert_allclose(result["loss"], expected, rtol=1e-6)
    whole = np.add.outer(np.arange(3), np.arange(2))
    np.testing.assert_allclose(result["whole"], np.average(whole, weights=counted), rtol=1e-12)
