"""A process of a sweep: alone, or as chief or worker."""

import dataclasses
import shutil
import time
from typing import Any

import grpc

from snas_tf.config import DataConfig, RunConfig, Tuning
from snas_tf.data import image_storage
from snas_tf.data.collection import ImageCollection
from snas_tf.errors import UserError, format_setting
from snas_tf.runs import devices, run_record
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord
from snas_tf.tuning import chief, heartbeat, oracles
from snas_tf.tuning.role import Role
from snas_tf.workflows.search import Search
from snas_tf.workflows.trial_tuner import PROJECT, TrialTuner
from snas_tf.workflows.trials import Trials
from snas_tf.workflows.tuning_record import MAY_GROW, make_record
from snas_tf.workflows.tuning_summary import summarize

_WORKERS = "workers"
_WAIT = 0.2  # seconds


class TuningProcess:
    """A process of a sweep.

    Args:
        tuning: what is tuned.
        data_config: the images of all trials.
        run_config: the directory of the sweep, and the seed of every trial.
        role: the part of the process.

    Raises:
        UserError: hyperband would draw more values than there are.
    """

    def __init__(
        self, tuning: Tuning, data_config: DataConfig, run_config: RunConfig, role: Role
    ) -> None:
        self._tuning = tuning
        self._data_config = data_config
        self._run_config = run_config
        self._role = role
        self._run = RunDirectory(run_config.model_dir)
        self._record = make_record(tuning, data_config, run_config)
        self._oracle = oracles.make(tuning, run_config.seed)
        self._timeout = tuning.tuner.worker_timeout

    def lead(self) -> dict[str, Any]:
        """Run all trials, or let workers run them, in a directory that is owned; sum up."""
        self._run.check(self._record, MAY_GROW)  # before any image is read
        images = self._read_images()
        record = self._record.with_inputs(images=images.fingerprint)
        self._run.check(record, MAY_GROW)
        self._forget_other_sweep(record)
        tuner = self._make_tuner(images)
        if self._role.is_chief:
            self._role.check_free()
        self._run.write_record(record, devices.versions())
        complete = self._serve(tuner) if self._role.is_chief else self._search(tuner)
        return summarize(self._tuning, self._data_config, self._run_config, self._oracle, complete)

    def work(self) -> None:
        """Run trials whose values the chief serves, until it has no more.

        Raises:
            UserError: there is no chief, or it has other settings or images.
        """
        print(f"{self._role.name}: waits for the chief", flush=True)
        record, path = self._await_record(), self._run_config.model_dir
        self._record.check_against(record, path)
        with heartbeat.beating(path / _WORKERS, self._role.name):
            images = self._read_images()
            self._record.with_inputs(images=images.fingerprint).check_against(record, path)
            try:
                self._make_tuner(images).search()
            except grpc.RpcError as error:
                raise UserError(
                    f"{self._role.name}: the chief can't be reached ({error.code().name}), "
                    "accepted: to start it again, and then this worker"
                ) from error

    def _forget_other_sweep(self, record: RunRecord) -> None:
        """Remove what the tuner knows of a sweep that has trained nothing, where this differs."""
        path = self._run_config.model_dir
        if self._run.record.exists():
            try:
                record.check_against(run_record.read(self._run.record), path, MAY_GROW)
            except UserError:
                shutil.rmtree(path / PROJECT, ignore_errors=True)

    def _search(self, tuner: TrialTuner) -> bool:
        for name in self._oracle.busy() - {self._role.name}:
            self._oracle.release(name)
        tuner.search()
        return True

    def _serve(self, tuner: TrialTuner) -> bool:
        pulse = heartbeat.Pulse(self._run_config.model_dir / _WORKERS)
        count = oracles.num_trials(self._oracle)
        return chief.serve(tuner, self._oracle, count, pulse, self._timeout)

    def _make_tuner(self, images: ImageCollection) -> TrialTuner:
        path, count = self._run_config.model_dir, oracles.num_trials(self._oracle)
        trials = Trials(self._tuning, self._data_config, self._run_config, images)
        return TrialTuner(self._oracle, self._tuning, path, trials, count)

    def _await_record(self) -> RunRecord:
        """Read the record that the chief writes when it is ready."""
        deadline = time.monotonic() + self._timeout
        while not (self._run.record.exists() and run_record.read(self._run.record).inputs):
            if time.monotonic() > deadline:
                raise UserError(
                    f"{format_setting('model_dir', self._run_config.model_dir)}: no chief has "
                    f"begun here within {self._timeout:.0f} seconds, accepted: the directory of a "
                    "chief that runs"
                )
            time.sleep(_WAIT)
        return run_record.read(self._run.record)

    def _read_images(self) -> ImageCollection:
        images = image_storage.read(
            self._data_config, cache=self._run.images, proxy_seed=self._run_config.seed
        )
        print(images.summary(), flush=True)
        searches: dict[tuple[Any, ...], Search] = {}
        for chosen in self._tuning.corners():
            config = self._tuning.make_search(chosen)
            data_config = self._tuning.make_data(chosen, self._data_config)
            divided = (config.algorithm, config.architecture_fraction, config.darts_order)
            search = Search(config, data_config, self._run_config)
            searches[*divided, data_config.batch_size] = search
        for search in searches.values():
            of_batch = dataclasses.replace(images, config=search.data_config)
            of_batch.check_usable(with_test=False)
            search.check_images(images)
        return images
