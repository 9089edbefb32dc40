import math

import pytest

from snas_tf.errors import UserError
from snas_tf.tuning import hyperparameters, oracles
from tests.tuning.scored_trials import FOUR, NINE, make_oracle, run, score, values


@pytest.mark.parametrize("tuner", ["random", "bayesian"])
def test_all_combinations_are_tried_once(tmp_path, tuner):
    sweeps = {"draws": NINE} if tuner == "random" else {"draws": FOUR}
    oracle = make_oracle(tmp_path, tuner, sweeps)
    run(oracle)
    tried = {one["draws"] for one in values(oracle)}
    assert tried == set(sweeps["draws"].levels)
    assert len(tried) == len(oracle.trials) == oracles.num_trials(oracle)


def test_a_seed_decides_the_values(tmp_path):
    runs = {}
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        oracle = make_oracle(tmp_path / name, trials=3, seed=seed)
        run(oracle)
        runs[name] = values(oracle)
    assert runs["a"] == runs["b"] != runs["c"]


@pytest.mark.parametrize("failed", [(), (1,), (0, 1, 2), (0, 3, 9)])
def test_hyperband_continues_the_best_third_whatever_fails(tmp_path, failed):
    oracle = make_oracle(tmp_path, "hyperband", epochs=9)
    trials = run(oracle, failed)
    assert len(trials) == oracles.num_trials(oracle) == 9 + 3 + 1 + 5 + 2 + 3
    rounds = {}
    for trial in trials:
        epochs = hyperparameters.last_epoch(trial.hyperparameters.values)
        rounds.setdefault(epochs, []).append(trial)
    assert {epochs: len(some) for epochs, some in rounds.items()} == {1: 9, 3: 3 + 5, 9: 1 + 2 + 3}
    first = sorted(
        rounds[1], key=lambda one: -math.inf if int(one.trial_id) in failed else score(one)
    )
    continued = {hyperparameters.previous(one.hyperparameters.values) for one in rounds[3]}
    assert continued - {None} == {one.trial_id for one in first[-3:]}


def test_hyperband_needs_as_many_combinations_as_it_draws(tmp_path):
    with pytest.raises(UserError, match=r"`tuner`=hyperband: draws 17 .*`epochs`=9.* has 9, acc"):
        make_oracle(tmp_path, "hyperband", {"draws": NINE}, epochs=9)
    oracle = make_oracle(tmp_path, "hyperband", {"draws": NINE}, epochs=3)
    assert len(run(oracle)) == 3 + 1 + 2


def test_the_gaussian_process_chooses_better_values_than_chance(tmp_path):
    later = {}
    for tuner in ("random", "bayesian"):
        oracle = make_oracle(tmp_path / tuner, tuner, trials=10)
        scores = [score(trial) for trial in run(oracle)]
        later[tuner] = sum(scores[6:])  # The first three for each of two settings are random.
    assert later["bayesian"] > later["random"]
