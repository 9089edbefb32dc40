"""Small models for the tests of algorithms."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from snas_tf.algorithms.search_model import SearchModel
from snas_tf.algorithms.snas import SNAS
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import SearchConfig, algorithms
from snas_tf.models.parent import ParentNetwork
from tests.small_space import SMALL

CONFIG = SearchConfig(num_cells=3, init_channels=4, epochs=1, constraint_weight=0.5)


def make_snas(config=CONFIG, num_steps=10, seed=0, space=DARTS):
    keras.utils.set_random_seed(seed)
    config = dataclasses.replace(config, space=space.name)
    plan = space.plan_network(config.num_cells, config.init_channels, (8, 8))
    network = ParentNetwork(plan, 4, np.full(3, 128.0), np.full(3, 64.0), skip_threshold=0)
    return SNAS(network, config, num_steps, seed)


def make_model(**kwargs):
    return SearchModel(make_snas(**kwargs))


def make_algorithm(name, num_steps=10, seed=0, space=SMALL, **settings):
    """Make any algorithm, with a parent of a small space; twins are equal."""
    settings = {"skip_threshold": 0, "num_cells": 3, "init_channels": 2, "epochs": 1, **settings}
    config = SearchConfig(algorithm=name, space=space.name, **settings)
    keras.utils.set_random_seed(seed)
    plan = space.plan_network(config.num_cells, config.init_channels, (8, 8))
    mean, deviation = np.full(3, 128.0), np.full(3, 64.0)
    network = ParentNetwork(
        plan,
        4,
        mean,
        deviation,
        skip_threshold=config.skip_threshold,
        precision=config.precision,
    )
    return algorithms.get(name).load()(network, config, num_steps, seed)


def make_divided_batch(size=6, seed=0):
    """Make a batch as of a data set that holds images out."""
    return {**make_batch(size, seed), "held_out": make_batch(size, seed + 1000)}


def make_batch(size=6, seed=0):
    generator = np.random.default_rng(seed)
    return {
        "image": tf.constant(generator.integers(0, 256, (size, 8, 8, 3), np.uint8)),
        "label": tf.constant(generator.integers(0, 4, size)),
        "index": tf.range(size, dtype=tf.int64),
        "weight": tf.ones(size),
    }


def alpha_gradient(algorithm, batch):
    """The gradient of alpha that a step follows, read from the mean in Adam's slots.

    Needs `alpha_beta_1`=0.5, and neither clipping nor coupled decay.
    """
    slots = algorithm.alpha_optimizer._momentums
    before = [slot.numpy() for slot in slots]
    algorithm.train_step(batch)
    return [2 * slot.numpy() - one for slot, one in zip(slots, before, strict=True)]


def theta_gradient(algorithm):
    """The gradient of the first step of theta, decay included, read from the velocity."""
    return [slot.numpy() for slot in algorithm.theta_optimizer.momentums]


def loss_gradients(network, batch, z, sources):
    """Gradients of the mean loss with respect to z, by kind, and to further sources."""
    z = {kind: tf.convert_to_tensor(one) for kind, one in z.items()}
    with tf.GradientTape() as tape:
        tape.watch(z)
        logits = network(batch["image"], z, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
        loss = tf.reduce_mean(losses)
    return tape.gradient(loss, (z, sources))


def divide_sums(sums):
    """Compute the means from a step's sums over its examples."""
    return {name: float(sums[name] / sums["examples"]) for name in sums if name != "examples"}
