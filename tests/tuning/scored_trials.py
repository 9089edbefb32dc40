"""Sweeps whose trials are scored by a formula, so that nothing is trained."""

import math

from keras_tuner.engine.trial import TrialStatus

from snas_tf.config import Choices, Interval, TunerConfig, Tuning
from snas_tf.tuning import hyperparameters, oracles

OBJECTIVE = TunerConfig().objective
SWEEPS = {
    "weight": Interval("constraint_weight", 0.01, 1, log=True),
    "cells": Interval("num_cells", 3, 8),
}
NINE, FOUR = (
    Choices("draws", {str(number): number for number in range(1, most + 1)}) for most in (9, 4)
)


def make_oracle(directory, tuner="random", sweeps=None, seed=0, **settings):
    """An oracle that has read what the directory holds."""
    epochs = {"epochs": settings.pop("epochs")} if "epochs" in settings else {}
    tuning = Tuning(TunerConfig(tuner=tuner, **settings), sweeps or SWEEPS, epochs)
    oracle = oracles.make(tuning, seed)
    oracle._set_project_dir(str(directory), "tuner")
    oracle.reload()
    return oracle


def score(trial):
    """A score that depends on the values alone, and rises with the epochs."""
    values = trial.hyperparameters.values
    epochs = hyperparameters.last_epoch(values) or 0
    number = sum(0.3 * values[name] for name in sorted(SWEEPS) if name in values)
    return math.sin(number + float(values.get("draws", 0))) + 0.01 * epochs


def end(oracle, trial, failed=()):
    """End a trial as a tuner does."""
    if int(trial.trial_id) in failed:
        trial.status = TrialStatus.FAILED
    else:
        oracle.update_trial(trial.trial_id, {OBJECTIVE: score(trial)})
        trial.status = TrialStatus.COMPLETED
    oracle.end_trial(trial)


def run(oracle, failed=(), most=100):
    """Run trials until there are no more; return them."""
    run_here = []
    while len(run_here) < most:
        trial = oracle.create_trial("tuner0")
        if trial.status == TrialStatus.STOPPED:
            break
        assert trial.status == TrialStatus.RUNNING
        end(oracle, trial, failed)
        run_here.append(trial)
    return run_here


def values(oracle):
    """The values of every trial, in order."""
    return [oracle.trials[one].hyperparameters.values for one in sorted(oracle.trials, key=int)]
