import pytest

from snas_tf.config import Choices, Interval, TunerConfig, Tuning
from snas_tf.tuning import hyperparameters

SWEEPS = {
    "rate": Interval("theta_learning_rate", 0.001, 1, log=True),
    "weight": Interval("constraint_weight", 0.0, 1),
    "channels": Interval("init_channels", 4, 16),
    "cells": Interval("num_cells", 3, 100, log=True),
    "algorithm": Choices("algorithm", {"snas": "snas", "darts": "darts", "gdas": "gdas"}),
    "order": Choices("darts_order", {"1": "1", "2": "2"}),
}
TUNING = Tuning(TunerConfig(), SWEEPS)


def sample(seed):
    """Values as an oracle draws them."""
    space, drawn = hyperparameters.make(TUNING), {}
    for parameter in space.space:
        space.values = drawn
        if space.is_active(parameter):
            drawn[parameter.name] = parameter.random_sample(seed)
    return hyperparameters.chosen(drawn, TUNING)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_drawn_is_a_search_whose_algorithm_has_all_of_it(seed):
    drawn = sample(seed)
    assert list(drawn) == TUNING.active(drawn["algorithm"])
    config = TUNING.make_search(drawn)
    assert config.algorithm == drawn["algorithm"]
    assert config.init_channels % 2 == 0


def test_every_algorithm_is_drawn():
    assert {sample(seed)["algorithm"] for seed in range(20)} == {"snas", "darts", "gdas"}


def test_the_scale_of_an_interval_decides_where_its_middle_is():
    space = {one.name: one for one in hyperparameters.make(TUNING).space}
    assert space["rate"].prob_to_value(0.5) == pytest.approx(0.0316, rel=0.01)
    assert space["weight"].prob_to_value(0.5) == 0.5
    assert list(space["channels"].values) == [4, 6, 8, 10, 12, 14, 16]


def test_a_trial_of_hyperband_says_what_it_continues():
    values = {"rate": 0.1, "tuner/trial_id": "0003", "tuner/epochs": 9}
    assert (hyperparameters.previous(values), hyperparameters.last_epoch(values)) == ("0003", 9)
    assert (hyperparameters.previous({}), hyperparameters.last_epoch({})) == (None, None)
    assert hyperparameters.chosen(values, TUNING) == {"rate": 0.1}
