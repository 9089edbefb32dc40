"""Algorithms on several logical CPU devices; test_conformance.py runs this file, with DEVICES."""

import os

import numpy as np
import pytest
import tensorflow as tf

import snas_tf
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.config import DataConfig, SearchConfig, algorithms
from snas_tf.data.arrays import from_arrays
from snas_tf.models import description
from snas_tf.runs import checkpoint_files, devices
from tests.algorithms.small_models import make_algorithm, make_divided_batch
from tests.slow import slow
from tests.small_space import TINY

BATCH = 12
# Each device traces the network for itself, which takes most of the time here.
SPACE = {
    "space": "nasbench201",
    "num_cells": 1,
    "operations": ("none", "skip_connect", "nor_conv_1x1"),
}
COUNT = int(os.environ.get("DEVICES", "2"))


@pytest.fixture(scope="module", autouse=True)
def strategy():
    cpu = tf.config.list_physical_devices("CPU")[0]
    several = [tf.config.LogicalDeviceConfiguration()] * COUNT
    tf.config.set_logical_device_configuration(cpu, several)
    devices.configure()
    strategy = devices.strategy(BATCH)
    assert strategy.num_replicas_in_sync == COUNT
    return strategy


OWN_STEP = [
    name for name, spec in algorithms.ALGORITHMS.items() if "train_step" in vars(spec.load())
]
"""The others have one of these steps; `tools/kill_and_resume.py --devices=2` runs them all."""
FIRST, *OTHERS = OWN_STEP[COUNT % 2 :: 2]


@pytest.mark.parametrize("name", [FIRST, *map(slow, OTHERS)])
def test_a_search_runs_to_its_result_whose_accuracy_is_that_of_the_child(name, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), np.uint8)
    labels = np.arange(60) % 4
    few = {"architecture_fraction": 0.5, "derivation_samples": 3, "relaxation": "one_hot"}
    has = algorithms.get(name).has
    few = {setting: value for setting, value in few.items() if has(setting)}
    config = SearchConfig(
        init_channels=2, epochs=1, algorithm=name, skip_threshold=0, **SPACE, **few
    )
    data = DataConfig("arrays", batch_size=BATCH, validation_fraction=0.2)
    model_dir = tmp_path / "run"
    found = snas_tf.search(pixels, labels, model_dir=model_dir, config=config, data=data)
    assert found.figures["steps"] >= 2
    assert np.isfinite(found.figures["search_valid_accuracy"])
    parent = description.read(model_dir / "network.json").make_parent(config.search_space)
    checkpoint_files.restore_network(parent, model_dir / "checkpoints")
    held_out = from_arrays(data, (pixels, labels)).split(seed=0).validation
    z = found.genotype.one_hot(config.search_space)
    logits = parent(tf.constant(held_out.images), z, training=False)
    right = np.argmax(logits, axis=1) == held_out.labels
    assert found.figures["child_valid_accuracy"] == pytest.approx(right.mean(), abs=1e-6)


def twice(batch):
    """A batch whose halves are the same."""
    return tf.nest.map_structure(lambda value: tf.concat([value, value], 0), batch)


@pytest.mark.parametrize("order", ["single_level", slow("2")])
@pytest.mark.skipif(COUNT != 2, reason="the batch has two halves")
def test_where_no_draw_differs_two_devices_agree_with_one(strategy, order):
    """Each device has the images of the one, as statistics are those of a device's images."""
    settings = {
        "space": TINY,
        "darts_order": order,
        "theta_learning_rate": 0.3,
        "alpha_learning_rate": 0.1,
    }
    with strategy.scope():
        two = SearchModel(make_algorithm("darts", **settings))
    one = SearchModel(make_algorithm("darts", **settings))
    for seed in range(2):
        batch = make_divided_batch(BATCH // 2, seed)
        batches = tf.data.Dataset.from_tensors(twice(batch))
        two.fit(batches, epochs=1, steps_per_epoch=1, verbose=0, shuffle=False)
        one.algorithm.train_step(batch)
    for variable, expected in zip(two.network.variables, one.network.variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, atol=1e-5, err_msg=variable.path)
    for variable, expected in zip(two.algorithm.alpha, one.algorithm.alpha, strict=True):
        np.testing.assert_allclose(variable.numpy(), expected, atol=1e-5)
    for kind, credit in one.algorithm.mean_credit().items():
        np.testing.assert_allclose(two.algorithm.mean_credit()[kind], credit, atol=1e-5)
    # Halves that differ leave the same variables on both, statistics too.
    batches = tf.data.Dataset.from_tensors(make_divided_batch(BATCH, 2))
    two.fit(batches, epochs=1, steps_per_epoch=1, verbose=0, shuffle=False)
    for variable in two.network.variables:
        values = strategy.experimental_local_results(variable.value)
        np.testing.assert_array_equal(*values, err_msg=variable.path)
