import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import cost, network_cost
from snas_tf.architecture.spaces import DARTS
from snas_tf.penalty.scale import SCALES

EQUAL = dict.fromkeys(cost.CRITERIA, 1.0)


def make(name, weights=EQUAL, cells=3, channels=4, size=8):
    network_plan = DARTS.plan_network(cells, channels, (size, size))
    return SCALES[name](network_cost.edge_costs_by_criterion(network_plan), weights)


def total(scale, z):
    return sum(float(tf.reduce_sum(scale.terms(kind, z))) for kind in DARTS.kinds)


def of_all(operation):
    return tf.one_hot([DARTS.operations.index(operation)] * 14, 8)


def random_z(seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(8), 14).astype(np.float32)


def logarithm_in_loops(weights, z):
    costs = network_cost.edge_costs_by_criterion(DARTS.plan_network(3, 4, (8, 8)))
    result = 0
    for kind in DARTS.kinds:
        for edge in range(14):
            for criterion in cost.CRITERIA:
                row = costs[kind][criterion][edge]
                expected = sum(share * value for share, value in zip(z[edge], row, strict=True))
                result += weights[criterion] * np.log(1 + 1000 * expected / max(row))
    return result / (28 * sum(weights.values()))


def test_linear_terms_are_the_products_of_equation_10():
    network_plan = DARTS.plan_network(3, 4, (8, 8))
    normalized = network_cost.normalize_costs(network_cost.edge_costs_by_criterion(network_plan))
    for kind in DARTS.kinds:
        terms = make("linear").terms(kind, random_z())
        np.testing.assert_allclose(terms, random_z() * normalized[kind], rtol=1e-6)


@pytest.mark.parametrize("weights", [(1, 1, 1), (2, 0, 0.5)])
def test_the_logarithm_is_that_of_each_edges_cost_by_criterion(weights):
    weights = dict(zip(cost.CRITERIA, map(float, weights), strict=True))
    expected = logarithm_in_loops(weights, random_z())
    assert total(make("log", weights), random_z()) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", SCALES)
def test_nothing_costs_nothing_and_all_else_something(name):
    assert total(make(name), of_all("none")) == 0
    for operation in DARTS.operations[1:]:
        assert total(make(name), of_all(operation)) > 0


@pytest.mark.parametrize("name", SCALES)
def test_only_the_ratio_of_the_criteria_counts(name):
    once, thrice = (
        {n: f * w for n, w in zip(cost.CRITERIA, (1, 2, 0), strict=True)} for f in (1.0, 3.0)
    )
    assert total(make(name, once), random_z()) == pytest.approx(
        total(make(name, thrice), random_z()), rel=1e-6
    )


def test_one_criterion_alone_makes_parameter_free_operations_free():
    weights = {**dict.fromkeys(cost.CRITERIA, 0.0), "parameters": 1.0}
    skip = of_all("skip_connect")
    terms = make("linear", weights).terms("normal", skip)
    assert float(tf.reduce_sum(terms)) == 0


@pytest.mark.parametrize("name", SCALES)
def test_the_most_expensive_child_costs_the_same_in_every_network(name):
    totals = [
        total(make(name, cells=cells, channels=channels, size=size), of_all("sep_conv_5x5"))
        for cells, channels, size in [(3, 4, 8), (8, 16, 32), (20, 36, 32)]
    ]
    expected = {"linear": 1.0, "log": np.log(1001)}[name]
    np.testing.assert_allclose(totals, expected, rtol=1e-5)


@pytest.mark.parametrize("name", SCALES)
def test_the_gradient_is_that_of_finite_differences(name):
    scale, z = make(name), tf.constant(random_z())
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = tf.reduce_sum(scale.terms("reduce", z))
    gradient = tape.gradient(value, z).numpy()
    direction = np.random.default_rng(1).normal(size=(14, 8)).astype(np.float32)
    sides = [
        float(tf.reduce_sum(scale.terms("reduce", z + sign * 1e-3 * direction))) for sign in (1, -1)
    ]
    assert (gradient * direction).sum() == pytest.approx((sides[0] - sides[1]) / 2e-3, rel=2e-2)
