import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.spaces import DARTS
from snas_tf.config import SearchConfig
from snas_tf.layers.stochastic_edge import StochasticEdge
from snas_tf.penalty.penalty import Penalty

PLAN = DARTS.plan_network(3, 4, (8, 8))
EDGES = {kind: StochasticEdge(seed=(0, 1), initial_deviation=1.0) for kind in DARTS.kinds}
NOISE = {kind: edges.noise(tf.constant([1, 2])) for kind, edges in EDGES.items()}


def probabilities(kind):
    weights = np.exp(EDGES[kind].log_alpha.numpy().astype(np.float64))
    return weights / weights.sum(axis=1, keepdims=True)


def test_the_penalty_is_the_weight_times_the_expected_share_of_the_most_expensive_child():
    penalty = Penalty(PLAN, SearchConfig(constraint_weight=0.5), num_steps=10)
    expected = 0
    for name in ("parameters", "flops", "memory_access"):
        spent = sum((probabilities(kind) * penalty.costs[kind][name]).sum() for kind in EDGES)
        most = sum(penalty.costs[kind][name].max(axis=1).sum() for kind in EDGES)
        expected += 0.5 * spent / most / 3
    assert float(penalty.estimate(EDGES, NOISE, tf.constant(0.3))) == pytest.approx(
        expected, rel=1e-5
    )


def test_an_update_moves_the_weight_where_a_target_decides_it_and_only_there():
    temperature = tf.constant(0.5)
    fixed = Penalty(PLAN, SearchConfig(constraint_weight=0.5), num_steps=10)
    found = Penalty(PLAN, SearchConfig(target_parameters=2e6), num_steps=10)
    before = float(found.estimate(EDGES, NOISE, temperature))
    for penalty in (fixed, found):
        penalty.update(EDGES, temperature)
    assert float(found.estimate(EDGES, NOISE, temperature)) != before
    assert fixed.weight.value({}, temperature) == 0.5
