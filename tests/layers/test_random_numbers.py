import re

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.layers import random_numbers
from tests.programs import ROOT

SEED = (3, 7)
OTHERS = {
    "algorithms/drnas.py": ["stateless_gamma"],  # With XLA, DrNAS is refused.
    "layers/controller.py": ["stateless_uniform"],  # Both draw initial values.
    "layers/stochastic_edge.py": ["stateless_normal"],
}
"""What else draws, by file of the packages of which a training step consists."""


def in_all_ways(draw):
    """What is drawn eagerly, in a graph and when XLA compiles it."""
    return [
        function(draw)(tf.constant(SEED)).numpy()
        for function in (lambda one: one, tf.function, lambda one: tf.function(one, jit_compile=1))
    ]


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: random_numbers.fold_in(seed, 5),
        lambda seed: random_numbers.uniform((4, 3), seed),
        lambda seed: random_numbers.integers((4, 3), seed, 9),
    ],
    ids=["a seed", "numbers", "integers"],
)
def test_xla_draws_what_a_graph_and_eager_code_draw(draw):
    first, *others = in_all_ways(draw)
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_numbers_are_uniform_from_0_to_1():
    numbers = random_numbers.uniform((100_000,), tf.constant(SEED)).numpy()
    assert 0 <= numbers.min() < 1e-3
    assert 0.999 < numbers.max() < 1
    counts, _ = np.histogram(numbers, 10, (0, 1))
    np.testing.assert_allclose(counts, 10_000, rtol=0.05)


def test_numbers_are_those_of_tensorflow():
    expected = tf.random.stateless_uniform((4, 3), SEED)
    np.testing.assert_array_equal(random_numbers.uniform((4, 3), tf.constant(SEED)), expected)


def test_each_number_gives_a_seed_of_its_own():
    seeds = {tuple(random_numbers.fold_in(tf.constant(SEED), one).numpy()) for one in range(100)}
    assert len(seeds) == 100


def test_nothing_else_in_a_step_draws():
    """What draws with TensorFlow's default algorithm draws other numbers under XLA."""
    found = {}
    for room in ("algorithms", "layers", "models", "penalty", "training"):
        for path in (ROOT / "snas_tf" / room).rglob("*.py"):
            if names := re.findall(r"tf\.random\.(\w+)", path.read_text()):
                found[f"{room}/{path.name}"] = names
    assert len(found.pop("layers/random_numbers.py")) == 4
    assert found == OTHERS
