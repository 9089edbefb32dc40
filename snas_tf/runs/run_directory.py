"""The run directory."""

import contextlib
import errno
import fcntl
import os
import pathlib
import shutil
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from absl import logging

from snas_tf.errors import UserError, format_setting, shorten_path
from snas_tf.files import text_files, whole_files
from snas_tf.runs import machine, run_record
from snas_tf.runs.run_record import RunRecord

_ACCEPTED = "accepted: a directory that is empty, new, or holds an earlier run"

_FILES = (
    *("run.json", "network.json", "genotype.json", "result.json", "metrics.csv"),
    *("normal.png", "normal.svg", "reduce.png", "reduce.svg", "curves.png", "credit_*.png"),
    *("compare.json", "compare.md", "accuracy.png", "entropy.png", "children.png"),
    *("test_error.png", "regret.png", "regret.csv"),
    *("pareto.json", "pareto.md", "pareto.png", "pareto.svg"),
    *("images", "checkpoints", "best", "genotypes", "tensorboard", "export", "seed_*"),
    *("tuner", "trials", "workers"),
)
"""What a run writes into its directory."""

_WITHIN = ("seed_*", "*/seed_*", "trials/trial_*")
"""Run directories within that of a run that consists of several."""


class RunDirectory:
    """Files of a run; each is written whole and then renamed into place.

    Args:
        path: the directory.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.record = path / "run.json"
        self.checkpoints = path / "checkpoints"
        self.tensorboard = path / "tensorboard"
        self.best = path / "best"
        self.network = path / "network.json"
        self.genotype = path / "genotype.json"
        self.export = path / "export"
        self.metrics = path / "metrics.csv"
        self.genotypes = path / "genotypes"
        self.result = path / "result.json"
        self.images = path / "images"
        self._shown = format_setting("model_dir", path)

    @contextlib.contextmanager
    def owned(self) -> Iterator[None]:
        """Create and lock the directory within a context.

        The lock is the operating system's, on the directory itself, so it ends with the process.
        Half-written files of a killed process are removed. If a new run is refused within the
        context, all its files are removed.

        Raises:
            UserError: the directory can't be written, is another process's, holds files and is no
                run directory, or is removed within the context.
        """
        places = (self.path, *self.path.absolute().parents)
        # Not Path.exists, which raises where a name is too long or a parent can't be entered.
        created = [place for place in places if not os.path.exists(place)]
        with self._locked(created):
            self._require_ours()
            is_new = not self.record.exists()
            for directory in (self.path, self.checkpoints, self.best, self.genotypes, self.images):
                if directory.is_dir():
                    whole_files.remove_leftovers(directory)
            try:
                yield
            except UserError:
                if is_new and not self.has_trained():
                    self._remove(created)
                raise
            except Exception as error:
                if self.path.is_dir():
                    raise
                raise UserError(
                    f"{self._shown}: was removed while the run was working in it, accepted: the "
                    "same again, which starts anew"
                ) from error

    @contextlib.contextmanager
    def _locked(self, created: list[pathlib.Path]) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
                stack.callback(os.close, handle)
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(
                    f"{self._shown}: another process is working in it, "
                    "accepted: to wait for its end, or another `model_dir`"
                ) from error
            except OSError as error:
                if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP):
                    _remove_empty(created)
                    raise self._not_writable(error) from error
                logging.warning("%s: its file system has no locks", self.path)
            yield

    def _require_ours(self) -> None:
        """Check that the directory holds nothing but a run."""
        for path in (self.checkpoints, self.best, self.genotypes, self.tensorboard, self.export):
            if os.path.lexists(path) and not path.is_dir():
                raise UserError(f"{shorten_path(path)}: is no directory, {_ACCEPTED}")
        for name in (name for name in _FILES if "." in name):
            path = self.path / name
            if os.path.lexists(path) and not path.is_file():
                raise UserError(f"{shorten_path(path)}: is no regular file, {_ACCEPTED}")
        if self.record.exists():
            run_record.read(self.record)
            return
        names = sorted(os.listdir(self.path))
        others = [name for name in names if not name.startswith(whole_files.PREFIX)]
        if "flags.json" in others:
            raise UserError(
                f"{self._shown}: holds a run of an earlier version of this "
                "program, which did not record what its images were, accepted: another `model_dir`"
            )
        if others:
            raise UserError(
                f"{self._shown}: is not empty ({shorten_path(others[0])}) "
                f"and holds no run, {_ACCEPTED}"
            )

    def _remove(self, created: list[pathlib.Path]) -> None:
        """Remove what was written for a run that was refused, and the directories created."""
        with contextlib.suppress(OSError):
            whole_files.remove_leftovers(self.path)
            for path in [one for name in _FILES for one in self.path.glob(name)]:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            for directory in created:
                directory.rmdir()

    def write_record(self, record: RunRecord, versions: Mapping[str, str]) -> None:
        """Write run.json, if its content changes.

        Args:
            record: record of this run.
            versions: versions of the packages in use, recorded only.

        Raises:
            UserError: the directory can't be written.
        """
        before = run_record.read(self.record) if self.record.exists() else None
        if before == record and before.sources == record.sources:
            return
        try:
            text = record.to_json(versions=dict(versions), machine=machine.describe_briefly())
            whole_files.write_text(self.record, text)
        except OSError as error:
            raise self._not_writable(error) from error

    def check(self, record: RunRecord, may_grow: Collection[str] = ()) -> None:
        """Check that the run in the directory, if it has been trained, has the same record.

        A run that has not been trained may be replaced.

        Args:
            record: record of this run.
            may_grow: settings that may be greater than those recorded.

        Raises:
            UserError: the records differ; names the first setting or input that does.
        """
        before = self.read_record_of_training()
        if before is not None:
            record.check_against(before, self.path, may_grow)

    def read_record_of_training(self) -> RunRecord | None:
        """Read the record of the run in the directory; None where there is none that has trained.

        Raises:
            UserError: it is damaged.
        """
        is_known = self.record.exists() and self.has_trained()
        return run_record.read(self.record) if is_known else None

    def has_trained(self) -> bool:
        """Whether the run, or one within that it consists of, has a result or a checkpoint."""
        within = (path for name in _WITHIN for path in self.path.glob(name))
        directories = [self, *(RunDirectory(path) for path in within)]
        return any(
            one.result.exists() or any(one.checkpoints.glob("*.index")) for one in directories
        )

    def read_result(self) -> dict[str, Any] | None:
        """Read result.json; None and a warning if it is damaged, None if it is missing."""
        try:
            result = text_files.read_json(self.result)
            if not isinstance(result, dict):
                raise ValueError("not an object")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            logging.warning("%s: damaged (%s), it is made anew", self.result, error)
            return None
        return result

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Replace result.json."""
        whole_files.write_json(self.result, result)

    def write_rows(self, rows: list[dict[str, float]]) -> None:
        """Replace metrics.csv."""
        whole_files.write_rows(self.metrics, rows)

    def _not_writable(self, error: OSError) -> UserError:
        return UserError(f"{self._shown}: can't be written ({error.strerror}), {_ACCEPTED}")


def _remove_empty(directories: list[pathlib.Path]) -> None:
    """Remove the directories that are empty, in this order."""
    for directory in directories:
        with contextlib.suppress(OSError):
            directory.rmdir()
