"""The tuner runs what the oracle asks for; trials are those of a formula."""

import json

from snas_tf.config import Interval, TunerConfig, Tuning
from snas_tf.errors import UserError
from snas_tf.tuning import oracles
from snas_tf.workflows.trial_tuner import TrialTuner

WEIGHT = {"weight": Interval("constraint_weight", 0.0, 1.0)}


class Scored:
    """In place of `Trials`: a trial's accuracy is its weight."""

    def __init__(self, failed=()):
        self.calls, self._failed = [], failed

    def run(self, number, chosen, last_epoch):
        self.calls.append((number, chosen["weight"], last_epoch))
        if len(self.calls) in self._failed:
            raise UserError("`theta_learning_rate`=9: training diverged\nhere")
        return chosen["weight"]


def run(path, trials, tuner="random", count=None, settings=()):
    tuning = Tuning(TunerConfig(tuner=tuner, trials=count), WEIGHT, dict(settings))
    oracle = oracles.make(tuning, 0)
    TrialTuner(oracle, tuning, path, trials, oracles.num_trials(oracle)).search()
    return oracle


def test_every_trial_is_scored_and_a_second_tuner_finds_nothing_left(tmp_path, capsys):
    trials = Scored()
    oracle = run(tmp_path, trials, count=3)
    numbers, weights, _ = zip(*trials.calls, strict=True)
    assert tuple(one.score for one in oracle.trials.values()) == weights
    assert numbers == (1, 2, 3)
    printed = capsys.readouterr().out
    assert f"\ntrial 2 of 3: weight={trials.calls[1][1]:.4g}\n" in printed
    again = Scored()
    run(tmp_path, again, count=3)
    assert again.calls == []
    assert capsys.readouterr().out == ""


def test_a_trial_of_hyperband_goes_on_as_the_trial_that_it_continues(tmp_path, capsys):
    trials = Scored()
    run(tmp_path, trials, "hyperband", settings={"epochs": 9})
    first = dict(call[:2] for call in trials.calls if call[2] == 1)
    best = sorted(first, key=first.get)[-3:]
    continued = [call for call in trials.calls if call[0] in first and call[2] > 1]
    assert {number for number, _, epoch in continued if epoch == 3} == set(best)
    assert [number for number, _, epoch in continued if epoch == 9] == best[-1:]
    assert all(first[number] == weight for number, weight, _ in continued)
    assert f"goes on with trial {best[0]}: weight=" in capsys.readouterr().out


def test_a_trial_that_fails_says_why_and_the_others_go_on(tmp_path, capsys):
    trials = Scored(failed=(2,))
    oracle = run(tmp_path, trials, count=5)
    assert len(trials.calls) == 5
    statuses = [one.status for one in oracle.trials.values()]
    assert statuses == ["COMPLETED", "FAILED", "COMPLETED", "COMPLETED", "COMPLETED"]
    reason = "`theta_learning_rate`=9: training diverged\\nhere"
    assert capsys.readouterr().err == f"trial 2 failed: {reason}\n"
    assert (tmp_path / "tuner" / "trial_1" / "failure.txt").read_text() == f"{reason}\n"


def test_a_sweep_of_failures_ends(tmp_path):
    oracle = run(tmp_path, Scored(failed=range(99)), "hyperband", settings={"epochs": 3})
    assert {one.status for one in oracle.trials.values()} == {"FAILED"}
    assert len(oracle.trials) == 6


def test_files_are_in_a_directory_of_any_name(tmp_path):
    path = tmp_path / "a [b]*?é"
    run(path, Scored(), count=2)
    again = Scored()
    run(path, again, count=3)
    assert len(again.calls) == 1
    assert json.loads((path / "tuner" / "oracle.json").read_text())["stopped"]
