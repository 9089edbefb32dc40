"""The tuner: asks an oracle of KerasTuner for the values of a trial, and runs it."""

import pathlib
import sys
import time
from typing import Any

import grpc
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial, TrialStatus

from snas_tf.config import Tuning
from snas_tf.errors import printable
from snas_tf.files import whole_files
from snas_tf.tuning import hyperparameters
from snas_tf.tuning.oracle import LastingOracle
from snas_tf.workflows.comparison_runs import describe_error
from snas_tf.workflows.trials import Trials

PROJECT = "tuner"
"""Directory of KerasTuner's files within that of the sweep."""

_FAILURE = "failure.txt"
_IDLE_SECONDS = 1.0


class TrialTuner(BaseTuner):
    """Tuner whose trials are searches.

    Args:
        oracle: chooses the values.
        tuning: the sweep.
        model_dir: directory of the sweep.
        trials: runs the trials.
        num_trials: number of the trials, for the screen.
    """

    def __init__(
        self,
        oracle: LastingOracle,
        tuning: Tuning,
        model_dir: pathlib.Path,
        trials: Trials,
        num_trials: int,
    ) -> None:
        super().__init__(oracle, directory=str(model_dir), project_name=PROJECT)
        self._tuning = tuning
        self._model_dir = model_dir
        self._trials = trials
        self._num_trials = num_trials
        self._is_idle = False
        if not self._is_worker():
            oracle.reload()

    def save(self) -> None:
        """Save the oracle; the tuner has no state of its own."""
        if not self._is_worker():
            self.oracle.save()

    def pre_create_trial(self) -> None:
        """Wait a moment where the oracle had nothing to do."""
        if self._is_idle:
            time.sleep(_IDLE_SECONDS)
        self._is_idle = True

    def on_trial_begin(self, trial: Trial) -> None:
        """Say what is tried."""
        self._is_idle = False
        values = trial.hyperparameters.values
        described = self._tuning.describe(hyperparameters.chosen(values, self._tuning))
        text = " ".join(f"{name}={value}" for name, value in described.items())
        continued = hyperparameters.previous(values)
        goes_on = f"goes on with trial {self._root(trial)}: " if continued else ""
        until = hyperparameters.last_epoch(values)
        epochs = f", until epoch {until}" if until else ""
        head = f"trial {number(trial)} of {self._num_trials}"
        print(f"\n{printable(f'{head}: {goes_on}{text}{epochs}')}", flush=True)

    def run_trial(self, trial: Trial) -> dict[str, float]:
        """Run a trial; see `Trials.run`."""
        values = trial.hyperparameters.values
        chosen = hyperparameters.chosen(values, self._tuning)
        last_epoch = hyperparameters.last_epoch(values)
        measured = self._trials.run(self._root(trial), chosen, last_epoch)
        return {self._tuning.tuner.objective: measured}

    def _try_run_and_update_trial(self, trial: Trial) -> None:
        """Run a trial and report it; where it fails, in one line, without a stack trace."""
        try:
            self._run_and_update_trial(trial)
            trial.status = TrialStatus.COMPLETED
        except grpc.RpcError:
            raise
        except Exception as error:  # Whatever it is, the other trials do not depend on it.
            reason = describe_error(error)
            print(f"trial {number(trial)} failed: {reason}", file=sys.stderr, flush=True)
            file = failure_file(self._model_dir, trial.trial_id)
            file.parent.mkdir(parents=True, exist_ok=True)
            whole_files.write_text(file, f"{reason}\n")
            trial.status = TrialStatus.FAILED

    def _root(self, trial: Trial) -> int:
        """Return the number of the trial that a trial of hyperband began as."""
        return root(trial, self.oracle)


def root(trial: Trial, oracle: Any) -> int:
    """Return the number of the trial that a trial of hyperband began as; of others, their own."""
    continued = hyperparameters.previous(trial.hyperparameters.values)
    return number(trial) if continued is None else root(oracle.get_trial(continued), oracle)


def number(trial: Trial) -> int:
    """Return the number of a trial, from 1."""
    return int(trial.trial_id) + 1


def failure_file(model_dir: pathlib.Path, trial_id: str) -> pathlib.Path:
    """Return the file that says why a trial failed."""
    return model_dir / PROJECT / f"trial_{trial_id}" / _FAILURE
