import itertools

import numpy as np
import pytest

from snas_tf.architecture import child_size, genotype, network_cost
from snas_tf.architecture.spaces import DARTS
from snas_tf.penalty import rounding

SIZE = child_size.evaluation_size("parameters")


def logits(seed):
    generator = np.random.default_rng(seed)
    return {kind: generator.normal(size=(14, 8)) for kind in DARTS.kinds}


def parameters(log_alpha):
    found = genotype.derive(log_alpha)
    return network_cost.child_cost(found, DARTS.plan_network(20, 36, (32, 32)), 10).parameters


def changed(before, after):
    """(kind, edge, operation) of each edge whose most probable operation is another."""
    return [
        (kind, edge, int(after[kind][edge].argmax()))
        for kind in DARTS.kinds
        for edge in range(14)
        if before[kind][edge].argmax() != after[kind][edge].argmax()
    ]


def lost(before, changes):
    return sum(before[kind][edge].max() - before[kind][edge][new] for kind, edge, new in changes)


def near(seed, by):
    """Logits whose child reaches the target after one or two changes."""
    given = logits(seed)
    return given, parameters(given) / (1 + by)


@pytest.mark.parametrize("by", [-0.14, -0.06, 0.06, 0.14])
@pytest.mark.parametrize("seed", range(3))
def test_the_child_comes_within_the_tolerance(seed, by):
    given, target = near(seed, by)
    rounded = rounding.round_to_target(given, SIZE, target)
    assert abs(parameters(rounded) / target - 1) <= 0.05
    assert 1 <= len(changed(given, rounded)) <= 2


@pytest.mark.parametrize("by", [-0.049, 0.0, 0.049])
def test_a_child_within_the_tolerance_stays(by):
    given, target = near(0, by)
    rounded = rounding.round_to_target(given, SIZE, target)
    for kind in DARTS.kinds:
        np.testing.assert_array_equal(rounded[kind], given[kind])


@pytest.mark.parametrize("by", [-0.1, 0.1])
def test_no_change_of_one_edge_or_two_costs_less_probability(by):
    given, target = near(1, by)
    paid = lost(given, changed(given, rounding.round_to_target(given, SIZE, target)))
    chosen = {kind: given[kind].argmax(axis=1) for kind in DARTS.kinds}
    single = list(itertools.product(DARTS.kinds, range(14), range(8)))
    size = parameters(given)
    for changes in itertools.chain(([one] for one in single), itertools.combinations(single, 2)):
        if len({(kind, edge) for kind, edge, _ in changes}) < len(changes):
            continue
        added = sum(
            SIZE.edges[kind][edge, new] - SIZE.edges[kind][edge, chosen[kind][edge]]
            for kind, edge, new in changes
        )
        if abs((size + added) / target - 1) <= 0.05:
            assert lost(given, changes) >= paid - 1e-9


def test_every_edge_keeps_its_set_of_probabilities():
    given, target = near(2, 0.14)
    rounded = rounding.round_to_target(given, SIZE, target)
    for kind in DARTS.kinds:
        np.testing.assert_array_equal(np.sort(rounded[kind]), np.sort(given[kind]))


def test_a_target_that_two_edges_can_not_reach_changes_nothing():
    given, target = near(0, -0.7)
    rounded = rounding.round_to_target(given, SIZE, target)
    assert changed(given, rounded) == []


def test_the_logits_given_are_left_alone():
    given, target = near(0, 0.14)
    before = {kind: one.copy() for kind, one in given.items()}
    rounding.round_to_target(given, SIZE, target)
    for kind in DARTS.kinds:
        np.testing.assert_array_equal(given[kind], before[kind])
