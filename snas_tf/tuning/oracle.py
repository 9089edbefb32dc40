"""The base class of the oracles, which choose the values of trials: what outlives a process."""

import json
import pathlib
import threading
from typing import Any

import keras_tuner
from keras_tuner.engine.trial import Trial, TrialStatus

from snas_tf.errors import UserError, shorten_path
from snas_tf.files import text_files, whole_files

_ATTEMPTS = 2
_MANY = 10**9
_MOST_BYTES = 64_000_000

LIMITS = {"max_consecutive_failed_trials": _MANY}
"""Arguments of every oracle: failed trials never end a sweep."""


class LastingOracle(keras_tuner.Oracle):
    """Base class of the oracles; it is saved whole, and goes on after its process was killed.

    KerasTuner writes its files in place, so that a process that is killed can leave half of one,
    and finds trials by a pattern, which a directory of an odd name does not match.

    Attributes:
        stopped: whether it has told a tuner that there is nothing left.
        failure: why a file could not be written by a thread that serves workers.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**LIMITS, **settings)
        self.stopped = False
        self.failure: OSError | None = None
        self.verbose = 0
        self._max_collisions = 1000  # Until no new values are left; by default it gives up at 20.

    @keras_tuner.synchronized
    def create_trial(self, tuner_id: str) -> Trial:
        """See `keras_tuner.Oracle`; a tuner waits for the others, whose trials may come back."""
        trial = super().create_trial(tuner_id)
        if trial.status != TrialStatus.STOPPED:
            return trial
        if self.ongoing_trials:
            self.tuner_ids.add(tuner_id)
            trial.status = TrialStatus.IDLE
        elif not self.stopped:
            self.stopped = True
            self.save()
        return trial

    @keras_tuner.synchronized
    def release(self, tuner_id: str) -> str | None:
        """Take the trial of a lost tuner back, so that another one goes on with it.

        A trial that has cost two tuners fails.

        Returns:
            The id of the trial, if the tuner had one.
        """
        self.tuner_ids.discard(tuner_id)
        trial = self.ongoing_trials.pop(tuner_id, None)
        if trial is None:
            return None
        if trial.status == TrialStatus.RUNNING:
            self._run_times[trial.trial_id] += 1
            if self._run_times[trial.trial_id] < _ATTEMPTS:
                self._retry_queue.append(trial.trial_id)
            else:
                trial.status = TrialStatus.FAILED
                trial.message = "two processes ended in it"
                self.end_order.append(trial.trial_id)
        self._save_trial(trial)
        self.save()
        return trial.trial_id

    @keras_tuner.synchronized
    def busy(self) -> set[str]:
        """The ids of the tuners that have not been told that there is nothing left."""
        return {*self.tuner_ids, *self.ongoing_trials}

    def get_state(self) -> dict[str, Any]:
        """See `keras_tuner.Oracle`."""
        return {**super().get_state(), "stopped": self.stopped}

    def set_state(self, state: dict[str, Any]) -> None:
        """See `keras_tuner.Oracle`; a sweep that has grown goes on."""
        super().set_state(state)
        grown = self.max_trials is not None and len(self.trials) < self.max_trials
        self.stopped = state["stopped"] and not grown

    def save(self) -> None:
        """Write oracle.json whole."""
        self._write(pathlib.Path(self._get_oracle_fname()), self.get_state())

    def reload(self) -> None:
        """Read oracle.json and the trials that it names, if there is one.

        Trials stay with their tuners; see `release`.

        Raises:
            UserError: a file is damaged.
        """
        path = pathlib.Path(self._get_oracle_fname())
        if not path.exists():
            return
        for directory in (path.parent, *path.parent.glob("trial_*")):
            whole_files.remove_leftovers(directory)
        state = _read(path)
        # A trial that is not named was written when its process was killed: it is made again.
        for trial_id in state["start_order"]:
            file = pathlib.Path(self._get_trial_dir(trial_id), "trial.json")
            self.trials[trial_id] = Trial.from_state(_read(file))
        self.set_state(state)
        for name in state["ongoing_trials"]:  # Written before a trial that has ended leaves them.
            if self.ongoing_trials[name].status != TrialStatus.RUNNING:
                self.ongoing_trials.pop(name)

    def _save_trial(self, trial: Trial) -> None:
        path = pathlib.Path(self._get_trial_dir(trial.trial_id), "trial.json")
        self._write(path, trial.get_state())

    def _write(self, path: pathlib.Path, state: dict[str, Any]) -> None:
        try:
            whole_files.write_text(path, json.dumps(state))
        except OSError as error:
            if threading.current_thread() is threading.main_thread():
                raise
            self.failure = error  # Raised here, it would leave KerasTuner's lock locked for ever.


def _read(path: pathlib.Path) -> Any:
    try:
        return text_files.read_json(path, _MOST_BYTES)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{shorten_path(path)}: damaged ({error}), accepted: the file as the tuner wrote it, "
            "or another `model_dir`"
        ) from error
