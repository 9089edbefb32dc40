"""The base class of runs that train."""

import contextlib
import copy
import dataclasses
import datetime
import pathlib
from typing import Any, ClassVar

from absl import logging

from snas_tf import __version__
from snas_tf.config import ChildConfig, DataConfig, RunConfig, SearchConfig
from snas_tf.data.batches import Collection, Dataset
from snas_tf.data.image_errors import as_user_errors
from snas_tf.errors import UserError, format_setting
from snas_tf.files.digests import digests
from snas_tf.models.description import NetworkDescription
from snas_tf.runs import cluster, devices, machine, random_state
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord


class Workflow:
    """Run of one or several seeds, started or continued in its directory.

    A subclass reads the images, trains with one seed, and combines what several seeds gave.

    Args:
        config: the training's settings.
        data_config: the images.
        run_config: the directory of the run, and its first seed.
    """

    kind: ClassVar[str]
    """What the record of the run calls it: "search", "evaluate" or "imagenet"."""

    def __init__(
        self,
        config: SearchConfig | ChildConfig,
        data_config: DataConfig,
        run_config: RunConfig,
    ) -> None:
        self.config = config
        self.data_config = data_config
        self.run_config = run_config
        self.images: Collection | None = None
        """Images that need not be read, as a program gives them."""
        self.shows_images = True
        """Whether the images are described on the screen."""
        self.last_epoch: int | None = None
        """After which epoch a search pauses, with the schedules of all its epochs."""

    def run(self) -> dict[str, Any]:
        """Train, or continue the run that `run_config.model_dir` holds.

        Where TF_CONFIG names several processes, all of them call it, and the first one alone
        writes.

        Returns:
            The content of result.json.

        Raises:
            UserError: an input can't be read, or the run directory is of another run.
            LostWorkerError: another process has ended or can't be reached.
        """
        check_place(self.data_config, self.run_config)
        processes = cluster.current()
        with processes.watched(), processes.directory(self.run_config.model_dir) as path:
            result = self._located(path)._run_here()
            return processes.from_chief(result)  # The others wait for the end of its work.

    def _run_here(self) -> dict[str, Any]:
        run, processes = RunDirectory(self.run_config.model_dir), cluster.current()
        record = self._record()
        settings = {"kind": record.kind, **record.settings}
        processes.require_same({**settings, **devices.describe(), "snas_tf": __version__})
        with contextlib.ExitStack() as stack:
            with processes.agreed(), as_user_errors():
                stack.enter_context(run.owned())
                stack.enter_context(as_user_errors())
                run.check(record, self.may_grow())  # before any image is read
                if not run.record.exists():
                    run.write_record(record, devices.versions())
                images = self.images or self.read_images(run)
                self.check_images(images)
            self._warn_of_precision()
            if self.shows_images:
                print(images.summary(), flush=True)
            return self._run(run, images)

    def _located(self, path: pathlib.Path, **settings: Any) -> "Workflow":
        """Return the same workflow in another directory, with other settings of `RunConfig`."""
        one = copy.copy(self)
        one.run_config = dataclasses.replace(self.run_config, model_dir=path, **settings)
        return one

    def read_images(self, run: RunDirectory) -> Collection:
        """Read the images of all seeds."""
        raise NotImplementedError

    def check_images(self, images: Collection) -> None:
        """Check that the images go with what else the run reads.

        Raises:
            UserError: they do not.
        """

    def inputs(self) -> dict[str, Any]:
        """Content of the inputs of the run other than images, by name."""
        return {}

    def may_grow(self) -> set[str]:
        """Settings that may be increased when a run is continued."""
        has_seeds = any(self.run_config.model_dir.glob("seed_*"))
        return {"num_seeds"} if has_seeds else set()

    def split_seed(self) -> int:
        """The seed that decides which images are held out."""
        return self.run_config.seed

    def proxy_seed(self, run: RunDirectory) -> int:
        """The seed that draws a proxy: that of the first of several seeds, as recorded."""
        recorded = run.read_record_of_training()
        seed = None if recorded is None else recorded.proxy_seed
        return self.run_config.seed if seed is None else seed

    def describe(self, dataset: Dataset) -> NetworkDescription:
        """Describe the network to train."""
        mean, deviation = dataset.channel_statistics()
        return NetworkDescription(
            self.config.num_cells,
            self.config.init_channels,
            dataset.image_size,
            dataset.class_names,
            tuple(mean.tolist()),
            tuple(deviation.tolist()),
            self.config.stem,
            dataset.preprocessing,
        )

    def train(
        self, run: RunDirectory, dataset: Dataset, described: NetworkDescription
    ) -> dict[str, Any]:
        """Train with the seed of `run_config`; return what was measured."""
        raise NotImplementedError

    def combine(self, run: RunDirectory, results: list[dict[str, Any]]) -> dict[str, Any]:
        """Combine the results of several seeds, which it holds as "seeds"."""
        raise NotImplementedError

    def _run(self, run: RunDirectory, images: Collection) -> dict[str, Any]:
        processes = cluster.current()
        inputs = {"images": images.fingerprint, **self.inputs(), **plugins(self.run_config)}
        is_single = self.config.num_seeds == 1
        with processes.agreed():
            if is_single:
                dataset = images.split(self.split_seed(), processes.share)
                described = self.describe(dataset)
                inputs["network"] = described.to_content()
            split_seed = self.split_seed() if is_single else None
            record = self._record().with_inputs(split_seed, **inputs)
            run.check(record, self.may_grow())
        processes.require_same(record.inputs)
        result = processes.from_chief(run.read_result())
        if result is not None and self._is_whole(result):
            print(f"{run.path}: finished on {result['finished']}, nothing to do", flush=True)
            return result
        run.write_record(record, devices.versions())
        if is_single:
            with random_state.seeded(self.run_config.seed):
                result = self.train(run, dataset, described)
        else:
            first = self.run_config.seed
            seeds = range(first, first + self.config.num_seeds)
            results = [self._run_seed(seed, images) for seed in seeds]
            result = self.combine(run, results) if processes.is_chief else {}
        result = {**result, "finished": datetime.datetime.now().isoformat(" ", "minutes")}
        run.write_result(result)
        return result

    def _run_seed(self, seed: int, images: Collection) -> dict[str, Any]:
        print(f"seed {seed}", flush=True)
        run = RunDirectory(self.run_config.model_dir / f"seed_{seed}")
        one = self._located(run.path, seed=seed)
        one.config = dataclasses.replace(self.config, num_seeds=1)
        with run.owned():
            return one._run(run, images)

    def _warn_of_precision(self) -> None:
        precision = self.config.precision
        if not devices.has_gpu() and machine.lacks_instructions(precision):
            logging.warning(
                "`precision`=%s: this processor has no instructions for it, so a step takes two "
                "to four times as long as with float32",
                precision,
            )

    def _record(self) -> RunRecord:
        return RunRecord.from_configs(
            self.kind,
            self.config,
            self.data_config,
            seed=self.run_config.seed,
            deterministic=self.run_config.deterministic,
        )

    def _is_whole(self, result: dict[str, Any] | None) -> bool:
        """Whether a result is that of all epochs and seeds."""
        if result is None or "finished" not in result:
            return False
        seeds = result.get("seeds", [result])
        return (
            isinstance(seeds, list)
            and len(seeds) == self.config.num_seeds
            and (
                self._is_long_enough(result.get("epochs"))
                or bool(result.get("stopped_on_collapse"))
            )
        )

    def _is_long_enough(self, epochs: Any) -> bool:
        if self.last_epoch is None:
            return epochs == self.config.epochs
        return isinstance(epochs, int) and epochs >= self.last_epoch


def plugins(run_config: RunConfig) -> dict[str, Any]:
    """The content of the plugins as an input of a run, where there are any."""
    return {"plugins": digests(run_config.plugin)} if run_config.plugin else {}


def check_place(data_config: DataConfig, run_config: RunConfig) -> None:
    """Check that a run's files do not become images of its data set.

    Raises:
        UserError: the run directory lies in the folder of images.
    """
    data_dir, model_dir = data_config.data_dir, run_config.model_dir
    if data_config.dataset != "folder" or data_dir is None:
        return
    if model_dir.resolve().is_relative_to(data_dir.resolve()):
        raise UserError(
            f"{format_setting('model_dir', model_dir)}: lies in "
            f"{format_setting('data_dir', data_dir)}, where its pictures would be taken "
            "for a class, accepted: a directory elsewhere"
        )
