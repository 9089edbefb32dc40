"""The oracles, by the name of the tuner."""

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras_tuner
import numpy as np
import threadpoolctl
from keras_tuner.engine.trial import TrialStatus

from snas_tf.config import Tuning
from snas_tf.errors import UserError
from snas_tf.tuning import hyperparameters
from snas_tf.tuning.oracle import LastingOracle

_FACTOR = 3


class RandomOracle(LastingOracle, keras_tuner.oracles.RandomSearchOracle):
    """Draws values at random, none twice."""


class BayesianOracle(LastingOracle, keras_tuner.oracles.BayesianOptimizationOracle):
    """Chooses the values of which a Gaussian process expects most.

    The first trials, three for each hyperparameter, are random.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """See `keras_tuner.Oracle`; the same after a restart, and no values twice."""
        self._random_state = np.random.RandomState([self.seed, int(trial_id)])
        # Threads take longer than they save here, and the fit warns of lengths that do not matter.
        with threadpoolctl.threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            populated = super().populate_space(trial_id)
        if populated["values"] and self._duplicate(populated["values"]):
            return self._random_populate_space()
        return populated


class HyperbandOracle(LastingOracle, keras_tuner.oracles.HyperbandOracle):
    """Draws values at random, and continues the best third for three times the epochs."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """See `keras_tuner.Oracle`; a failed trial counts as the worst of its round.

        Otherwise the others would wait for it, and none be continued.
        """
        with self._failed_as_worst():
            return super().populate_space(trial_id)

    @contextlib.contextmanager
    def _failed_as_worst(self) -> Iterator[None]:
        failed = [one for one in self.trials.values() if one.status == TrialStatus.FAILED]
        for trial in failed:
            trial.status, trial.score = TrialStatus.COMPLETED, -math.inf
        try:
            yield
        finally:
            for trial in failed:
                trial.status, trial.score = TrialStatus.FAILED, None

    def count(self, first_only: bool = False) -> int:
        """Count the trials of a whole sweep, or only those that do not continue another."""
        brackets = range(self._get_num_brackets())
        rounds = [range(1 if first_only else self._get_num_rounds(one)) for one in brackets]
        return sum(self._get_size(one, place) for one in brackets for place in rounds[one])


def make(tuning: Tuning, seed: int) -> LastingOracle:
    """Make the oracle of a sweep.

    Args:
        tuning: the sweep.
        seed: seed of the values, at least 0.

    Raises:
        UserError: hyperband would draw more values than there are.
    """
    arguments = {
        "objective": keras_tuner.Objective(tuning.tuner.objective, "max"),
        "hyperparameters": hyperparameters.make(tuning),
        "seed": seed + 1,  # With 0, KerasTuner takes a random one.
        "allow_new_entries": False,
        "tune_new_entries": False,
    }
    return _MAKERS[tuning.tuner.tuner](tuning, arguments)


def num_trials(oracle: LastingOracle) -> int:
    """Return the number of trials of a whole sweep."""
    return oracle.count() if isinstance(oracle, HyperbandOracle) else oracle.max_trials


def _make_random(tuning: Tuning, arguments: dict[str, Any]) -> LastingOracle:
    return RandomOracle(max_trials=tuning.num_trials, **arguments)


def _make_bayesian(tuning: Tuning, arguments: dict[str, Any]) -> LastingOracle:
    return BayesianOracle(max_trials=tuning.num_trials, **arguments)


def _make_hyperband(tuning: Tuning, arguments: dict[str, Any]) -> LastingOracle:
    oracle = HyperbandOracle(max_epochs=tuning.epochs, factor=_FACTOR, **arguments)
    drawn = oracle.count(first_only=True)
    if drawn > tuning.combinations:
        raise UserError(
            f"`tuner`=hyperband: draws {drawn} combinations of values for `epochs`="
            f"{tuning.epochs}, and `sweep` has {tuning.combinations:.0f}, accepted: more values, "
            "or random"
        )
    return oracle


_MAKERS: Mapping[str, Callable[[Tuning, dict[str, Any]], LastingOracle]] = {
    "random": _make_random,
    "hyperband": _make_hyperband,
    "bayesian": _make_bayesian,
}
