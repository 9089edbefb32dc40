"""What every algorithm of the registry does, whatever it does otherwise."""

import os
import random
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms.algorithm import TRAINING
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.architecture import spaces
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import algorithms
from snas_tf.data.batches import HELD_OUT, VALIDATION, BatchConfig
from snas_tf.data.held_out_dataset import HeldOutDataset
from snas_tf.data.images import Images
from snas_tf.data.memory_dataset import MemoryDataset
from tests.algorithms.small_models import make_algorithm
from tests.programs import ROOT
from tests.slow import slow
from tests.small_space import OPERATIONS

BATCH, EPOCH_STEPS, STEPS = 4, 2, 3
"""The third step is the first of the second epoch."""
SPACE = spaces.register(SearchSpace("conformance_in_tests", OPERATIONS, num_intermediate=1))
"""Few edges, and so many operations that no draw of the tests is a network without any."""


def make_dataset(divided, validation_seed=0):
    """Make a data set whose epochs have two steps; the seed is that of the validation images."""
    count = BATCH * EPOCH_STEPS * (2 if divided else 1)
    dataset = MemoryDataset(
        "x", make_images(count, 7), make_images(6, validation_seed), tuple("abcd"), True
    )
    return HeldOutDataset.divide(dataset, 0.5, 0, BATCH) if divided else dataset


def make_images(count, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8)
    return Images(pixels, np.arange(count) % 4)


def make(case, validation_seed=0):
    """Make a search's model and its data set; a case is an algorithm, or NAME:PRECISION."""
    name, _, precision = case.partition(":")
    few = {"derivation_samples": 2, "population_size": 2, "tournament_size": 2}
    has = algorithms.get(name).has
    settings = {setting: value for setting, value in few.items() if has(setting)}
    settings["precision"] = precision or "float32"
    algorithm = make_algorithm(name, 2 * EPOCH_STEPS, space=SPACE, epochs=2, **settings)
    divided = algorithm.learns_from_held_out_images(algorithm.config)
    dataset = make_dataset(divided, validation_seed)
    held_out = dataset.evaluation_batches(HELD_OUT, BATCH) if divided else None
    model = SearchModel(algorithm, held_out)
    # Tracing a step takes longer than these few steps; several_devices.py traces them.
    model.compile(algorithm.theta_optimizer, run_eagerly=True)
    return model, dataset


def step(model, dataset, number):
    """Train a step, with what comes at the end of its epoch."""
    batches = dataset.training_batches(BatchConfig(BATCH), number, 1)
    model.fit(batches, steps_per_epoch=1, verbose=0, shuffle=False)
    if (number + 1) % EPOCH_STEPS == 0:
        model.derive()
        model.begin_epoch()


def values(model):
    return [variable.numpy() for variable in model.state()]


@pytest.fixture(scope="module", params=[*algorithms.ALGORITHMS, "snas:float16"])
def trained(request):
    """A model, its data set, and the values of its state at the start and after each step."""
    model, dataset = make(request.param)
    states, random_states = [values(model)], [random_state()]
    for number in range(STEPS):
        step(model, dataset, number)
        states.append(values(model))
        random_states.append(random_state())
    assert random_states == random_states[:1] * (STEPS + 1)  # Nothing draws from a global state.
    return request.param, model, dataset, states


def random_state():
    return random.getstate(), np.random.get_state()[1].tolist()


def test_a_step_moves_theta_and_its_own_variables_and_nothing_else(trained):
    _, model, _, states = trained
    algorithm = model.algorithm
    index = {id(variable): number for number, variable in enumerate(model.state())}
    moved = find_moved(states[0], states[1])
    theta = {index[id(variable)] for variable in algorithm.theta}
    parameters = {index[id(one)] for one in algorithm.trainable_variables} - theta
    owned = [
        *algorithm.variables,
        *model.training_means.variables,
        *(one for optimizer in algorithm.optimizers for one in optimizer.variables),
    ]
    # A first reward is its own baseline, and the first scales of float16 may be too large.
    assert theta | parameters <= find_moved(states[0], states[-1])
    assert theta <= moved or algorithm.loss_scale.is_used
    assert moved <= {index[id(variable)] for variable in owned}
    assert states[1][index[id(model.step)]] == states[0][index[id(model.step)]] + 1
    assert all(np.isfinite(one).all() for one in states[-1] if one.dtype.kind == "f")


def find_moved(before, after):
    """The positions of the variables that differ."""
    pairs = enumerate(zip(before, after, strict=True))
    return {number for number, (one, other) in pairs if not np.array_equal(one, other)}


def test_the_optimizer_of_theta_has_theta_alone(trained):
    algorithm = trained[1].algorithm
    theta = [id(variable) for variable in algorithm.network.trainable_variables]
    assert [id(variable) for variable in algorithm.theta] == theta
    assert len(algorithm.theta_optimizer.momentums) == len(theta)
    parameters = {id(one) for one in algorithm.trainable_variables} - set(theta)
    assert not {id(one) for one in algorithm.network.variables} & parameters


def test_a_run_restored_after_any_step_ends_bit_for_bit_the_same(trained):
    """And on other validation images: nothing that is trained depends on them.

    One step follows each restored state. The last state comes first: the new model has not seen
    the end of an epoch then.
    """
    name, model, dataset, states = trained
    first = model.measure(dataset.evaluation_batches(VALIDATION, BATCH))
    keras.utils.set_random_seed(99)
    model, dataset = make(name, validation_seed=1)
    measured = []
    for number in reversed(range(1, STEPS)):
        restore(model, states[number])
        step(model, dataset, number)
        measured.append(model.measure(dataset.evaluation_batches(VALIDATION, BATCH)))
        assert_state(model, states[number + 1])
    assert measured[0] != first  # of the same weights


def restore(model, state):
    for variable, value in zip(model.state(), state, strict=True):
        variable.assign(value)


def assert_state(model, expected):
    """The state is as expected, but for the means of what was evaluated last."""
    evaluated = {id(one) for one in model.test_means.variables}
    for variable, value in zip(model.state(), expected, strict=True):
        if id(variable) not in evaluated:
            np.testing.assert_array_equal(variable.numpy(), value, err_msg=variable.path)


def test_the_derived_genotype_is_one_of_the_space_and_the_same_for_the_same_state(trained):
    name, model, _, states = trained
    genotype = model.derive()
    assert genotype.space == SPACE
    for z in genotype.one_hot().values():
        assert z.shape == SPACE.shape
    assert model.derive() == genotype
    other, _ = make(name)
    restore(other, states[-1])
    assert other.derive() == genotype


@pytest.mark.parametrize(
    "name",
    [
        name if name == "snas" else slow(name)
        for name, spec in algorithms.ALGORITHMS.items()
        if spec.compiles
    ],
)
def test_a_draw_is_the_same_when_xla_compiles_it(name):
    algorithm = make_algorithm(name, space=SPACE)
    compiled = tf.function(lambda: algorithm.draw(TRAINING, 0).z, jit_compile=True)()
    for kind, z in algorithm.draw(TRAINING, 0).z.items():
        np.testing.assert_allclose(compiled[kind], z, rtol=1e-4, atol=1e-6)


def test_probabilities_are_a_distribution_on_every_edge(trained):
    probabilities = trained[1].algorithm.probabilities()
    assert set(probabilities) == set(SPACE.kinds)
    for one in probabilities.values():
        assert one.shape == SPACE.shape
        assert np.min(one) >= 0
        np.testing.assert_allclose(np.sum(one, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("count", "chosen"),
    [(2, "not slow"), slow(2, "slow"), slow(3, "slow or not slow")],
)
def test_several_devices_run_whole_searches(count, chosen):
    """Two strategies of one process would share their keys, so each has a process."""
    file = "tests/algorithms/several_devices.py"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", chosen, file]
    environment = {**os.environ, "DEVICES": str(count)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-5000:]
