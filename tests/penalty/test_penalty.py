import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.child_latency import latency_size
from snas_tf.architecture.cost import CRITERIA
from snas_tf.architecture.latency_file import read
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import SearchConfig
from snas_tf.layers.stochastic_edge import StochasticEdge
from snas_tf.penalty.penalty import Penalty
from tests.latency_tables import write_table

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


def test_latency_joins_the_mean_of_the_criteria_with_its_weight(tmp_path):
    path = write_table(tmp_path / "t.json", num_cells=5)
    config = SearchConfig(constraint_weight=2.0, latency_table=path, latency_weight=5.0)
    edges, expected = latency_size(read(path), DARTS).edges, 0
    penalty = Penalty(PLAN, config, num_steps=10)
    counted = {name: [penalty.costs[kind][name] for kind in EDGES] for name in CRITERIA}
    counted["latency"] = [edges[kind] for kind in EDGES]
    for name, costs in counted.items():
        spent = sum((probabilities(kind) * of).sum() for kind, of in zip(EDGES, costs, strict=True))
        most = sum(of.max(axis=1).sum() for of in costs)
        expected += 2 * (5 if name == "latency" else 1) / 8 * spent / most
    received = penalty.estimate(EDGES, NOISE, tf.constant(0.3))
    assert float(received) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_latency_alone_orders_operations_by_their_times(tmp_path, scale):
    others = dict.fromkeys(("parameters_weight", "flops_weight", "memory_access_weight"), 0.0)
    path = write_table(tmp_path / "t.json")
    config = SearchConfig(
        constraint_weight=1, latency_table=path, latency_weight=3, penalty_scale=scale, **others
    )
    penalty = Penalty(PLAN, config, num_steps=10)
    edges = latency_size(read(path), DARTS).edges["normal"]
    costs = [
        float(tf.reduce_sum(penalty.scale.terms("normal", tf.one_hot([column] * 14, 8))))
        for column in range(8)
    ]
    assert costs[0] == 0
    np.testing.assert_array_equal(np.argsort(costs), np.argsort(edges.sum(axis=0)))


def test_a_target_of_latency_is_one_of_the_table(tmp_path):
    path = write_table(tmp_path / "t.json")
    size = latency_size(read(path), DARTS)
    expected = sum((probabilities(kind) * size.edges[kind]).sum() for kind in EDGES) + size.fixed
    penalty = Penalty(PLAN, SearchConfig(latency_table=path, target_latency_ms=1.5), num_steps=10)
    log_alpha = {kind: edges.log_alpha.value for kind, edges in EDGES.items()}
    excess = float(penalty.weight.excess(log_alpha, tf.constant(1.0)))
    assert excess == pytest.approx(np.log(expected / 1.5), rel=1e-4)
