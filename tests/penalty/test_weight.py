import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import child_size, genotype, network_cost
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import SearchConfig
from snas_tf.penalty import weight

TARGET = 2.5e6


def make(num_steps=100, target=TARGET):
    return weight.make_weight(SearchConfig(target_parameters=target), num_steps)


def logits(seed=0, scale=1.0):
    generator = np.random.default_rng(seed)
    return {
        kind: tf.constant(scale * generator.normal(size=(14, 8)), tf.float32)
        for kind in DARTS.kinds
    }


def size_of(log_alpha):
    found = genotype.derive({kind: one.numpy() for kind, one in log_alpha.items()})
    return network_cost.child_cost(found, DARTS.plan_network(20, 36, (32, 32)), 10).parameters


def test_a_given_weight_stays():
    fixed = weight.make_weight(SearchConfig(constraint_weight=0.25), num_steps=10)
    fixed.update(logits(), tf.constant(1.0))
    assert fixed.value(logits(), tf.constant(1.0)) == 0.25


@pytest.mark.parametrize("seed", range(3))
def test_at_a_low_temperature_the_excess_is_that_of_the_derived_child(seed):
    excess = make().excess(logits(seed, scale=5.0), tf.constant(0.003))
    assert float(excess) == pytest.approx(np.log(size_of(logits(seed)) / TARGET), abs=1e-4)


def test_at_temperature_one_the_excess_is_that_of_the_expected_size():
    size, expected = child_size.evaluation_size("parameters"), 0
    for kind, one in logits().items():
        odds = np.exp(one.numpy())
        expected += (odds / odds.sum(axis=1, keepdims=True) * size.edges[kind]).sum()
    excess = make().excess(logits(), tf.constant(1.0))
    assert float(excess) == pytest.approx(np.log((size.fixed + expected) / TARGET), abs=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_the_multiplier_starts_at_zero_and_sums_the_excess(temperature):
    target_weight, temperature = make(num_steps=50), tf.constant(temperature)
    excess = float(target_weight.excess(logits(), temperature) / temperature)
    assert float(target_weight.multiplier.value) == 0
    for _ in range(3):
        target_weight.update(logits(), temperature)
    expected = 3 * weight.ASCENT / 50 * excess
    assert float(target_weight.multiplier.value) == pytest.approx(expected, rel=1e-5)
    assert float(target_weight.value(logits(), temperature)) == pytest.approx(
        expected + weight.DAMPING * excess, rel=1e-5
    )


def probabilities(log_alpha):
    odds = np.exp(log_alpha - log_alpha.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def searched(seed, num_steps=120, rate=0.3):
    """Size of the child of a search in NumPy, before and after its last edges are rounded.

    Every operation has a worth of its own that each step's gradient shows with noise; Adam.
    """
    generator = np.random.default_rng(seed)
    plan = DARTS.plan_network(3, 12, (8, 8))
    costs = network_cost.normalize_costs(network_cost.edge_costs_by_criterion(plan))
    costs = np.concatenate([costs[kind] for kind in DARTS.kinds])
    worth = 0.005 * generator.normal(size=costs.shape)
    weight = make(num_steps)
    log_alpha, mean, square = np.zeros((3, *costs.shape))
    for step in range(num_steps):
        temperature = tf.constant(1 - 0.97 * step / num_steps, tf.float32)
        tensors = by_kind(log_alpha)
        penalty_weight = float(weight.value(tensors, temperature))
        weight.update(tensors, temperature)
        local = penalty_weight * costs - worth + 0.005 * generator.normal(size=costs.shape)
        alpha = probabilities(log_alpha)
        gradient = alpha * (local - (alpha * local).sum(axis=1, keepdims=True))
        mean += 0.5 * (gradient - mean)
        square += 0.001 * (gradient**2 - square)
        corrected = np.sqrt(square / (1 - 0.999 ** (step + 1))) + 1e-8
        log_alpha = log_alpha - rate * mean / (1 - 0.5 ** (step + 1)) / corrected
    return size_of(by_kind(log_alpha)), size_of(rounded(weight, log_alpha))


def rounded(weight, log_alpha):
    halves = weight.round({kind: one.numpy() for kind, one in by_kind(log_alpha).items()})
    return {kind: tf.constant(half) for kind, half in halves.items()}


def by_kind(log_alpha):
    halves = np.split(log_alpha, 2)
    return {
        kind: tf.constant(half, tf.float32) for kind, half in zip(DARTS.kinds, halves, strict=True)
    }


def test_children_of_noisy_searches_land_on_the_target():
    sizes = np.array([searched(seed) for seed in range(7)])
    driven, settled = np.abs(sizes / TARGET - 1).T
    assert np.median(driven) < 0.05
    assert max(driven) < 0.15  # one edge of the normal cell is up to 0.16 of this target
    assert max(settled) <= 0.05


def test_a_given_weight_rounds_nothing():
    given = {kind: one.numpy() for kind, one in logits().items()}
    assert weight.make_weight(SearchConfig(), num_steps=10).round(given) is given


def test_a_target_of_multiply_adds_counts_those():
    config = dataclasses.replace(SearchConfig(), target_multiply_adds=4e8)
    everything = {
        kind: 100 * tf.one_hot([DARTS.operations.index("sep_conv_5x5")] * 14, 8)
        for kind in DARTS.kinds
    }
    found = weight.make_weight(config, 10).excess(everything, tf.constant(1.0))
    largest = child_size.evaluation_size("multiply_adds").largest
    assert float(found) == pytest.approx(np.log(largest / 4e8), rel=1e-5)
