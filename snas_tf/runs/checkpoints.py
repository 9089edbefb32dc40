"""Checkpoints from which a run continues bit for bit."""

import contextlib
import hashlib
import json
import pathlib
import re
import tempfile
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from absl import logging

from snas_tf.errors import UserError, shorten_path
from snas_tf.files import plain_paths, whole_files

_KEPT = 3
_SUFFIXES = (".data-00000-of-00001", ".index")
"""Of a checkpoint's files; the index comes last, so that where it is, the data are."""

Rows = list[dict[str, float]]
"""One dict an epoch, as in metrics.csv."""


class _SavedRows(tf.train.experimental.PythonState):
    """Rows as part of a checkpoint."""

    def __init__(self) -> None:
        self.rows: Rows = []

    def serialize(self) -> str:
        return json.dumps(self.rows)

    def deserialize(self, string_value: bytes) -> None:
        self.rows = json.loads(string_value)


class CheckpointFiles:
    """Numbered checkpoints in a directory.

    Only files named as this class names them are read or removed. A checkpoint is written into a
    temporary directory and renamed, so that a kill leaves none that is half-written.

    Args:
        directory: where they are.
        name: before the number.
        kept: how many are kept; older ones are removed.
    """

    def __init__(self, directory: pathlib.Path, name: str, kept: int = _KEPT) -> None:
        self._directory = directory
        self._name = name
        self._kept = kept

    def numbers(self) -> list[int]:
        """The numbers of the checkpoints, smallest first."""
        return self._numbers(_SUFFIXES[-1])

    def _numbers(self, suffix: str) -> list[int]:
        """The numbers of the files that end like this."""
        if not self._directory.is_dir():
            return []
        pattern = re.compile(rf"{self._name}-(0|[1-9][0-9]*){re.escape(suffix)}")
        matches = ((path, pattern.fullmatch(path.name)) for path in self._directory.iterdir())
        return sorted(int(match[1]) for path, match in matches if match and path.is_file())

    def files(self, number: int) -> list[pathlib.Path]:
        """The files of a checkpoint, its index last."""
        return [self._directory / f"{self._name}-{number}{suffix}" for suffix in _SUFFIXES]

    def write(self, checkpoint: tf.train.Checkpoint, number: int) -> None:
        """Writes a checkpoint and removes the oldest beyond those kept."""
        self._directory.mkdir(exist_ok=True)
        files = self.files(number)
        prefix = whole_files.PREFIX
        with tempfile.TemporaryDirectory(dir=self._directory, prefix=prefix) as temporary:
            checkpoint.write(f"{temporary}/{self._name}-{number}")
            files[-1].unlink(missing_ok=True)
            for path in files:
                pathlib.Path(temporary, path.name).rename(path)
        kept = {*self.numbers()[-self._kept :], number}
        for suffix in reversed(_SUFFIXES):  # Data without an index were left by a kill.
            for old in self._numbers(suffix):
                if old not in kept:
                    (self._directory / f"{self._name}-{old}{suffix}").unlink()

    def read(self, checkpoint: tf.train.Checkpoint, number: int) -> None:
        """Restores a checkpoint.

        Raises:
            ValueError: it can't be read, for a reason of one line.
        """
        try:
            with plain_paths.alias(self._directory) as directory:
                prefix = f"{directory}/{self._name}-{number}"
                # Nothing is restored of a checkpoint that breaks off or fails its checksums.
                self._verify(number, prefix)
                checkpoint.read(prefix).assert_existing_objects_matched().expect_partial()
        # TensorFlow raises another class of exception for each kind of damage.
        except Exception as error:
            raise ValueError((str(error) or type(error).__name__).splitlines()[0]) from error

    def _verify(self, number: int, prefix: str) -> None:
        if not all(path.is_file() for path in self.files(number)):
            raise FileNotFoundError("it lacks a file")
        reader = tf.train.load_checkpoint(prefix)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)

    def newest_intact(self) -> int | None:
        """The number of the newest checkpoint that can be read; None where there is none."""
        for number in reversed(self.numbers()):
            # TensorFlow raises another class of exception for each kind of damage.
            with (
                contextlib.suppress(Exception),
                plain_paths.alias(self._directory) as directory,
            ):
                self._verify(number, f"{directory}/{self._name}-{number}")
                return number
        return None

    def read_newest(self, checkpoint: tf.train.Checkpoint) -> int | None:
        """Restores the newest checkpoint that can be read.

        Returns:
            Its number; None where there is none, or one alone that is damaged: the first that a
            run has written.

        Raises:
            UserError: there are several, and none can be read.
        """
        numbers = self.numbers()
        for number in reversed(numbers):
            try:
                self.read(checkpoint, number)
            except ValueError as error:
                path = self.files(number)[-1].with_suffix("")
                remedy = "trying the one before it" if len(numbers) > 1 else "beginning again"
                logging.warning("%s can't be read, %s (%s)", path, remedy, error)
                continue
            return number
        if len(numbers) > 1:
            raise UserError(
                f"{shorten_path(self._directory)}: none of its {len(numbers)} checkpoints can be "
                "read, accepted: an intact run, or another `model_dir`"
            )
        return None


class Checkpoints(keras.callbacks.Callback):
    """Saves after the last step of every epoch, and every so many steps within one.

    What is saved is the flat list of all variables, so nothing that a container hides from
    tracking can be missed: weights, statistics, optimizer slots, steps, and the sums of the epoch
    so far; and the rows of the epochs before. A checkpoint precedes its epoch's validation and
    row, which are made again where a run resumes there.

    Args:
        directory: where the checkpoints go.
        every_steps: a checkpoint every so many steps; 0 for none within an epoch.
        epoch_steps: steps of an epoch.
    """

    def __init__(self, directory: pathlib.Path, every_steps: int, epoch_steps: int) -> None:
        super().__init__()
        self._files = CheckpointFiles(directory, "step")
        self._every_steps = every_steps
        self._epoch_steps = epoch_steps
        self._rows = _SavedRows()
        self._saved_step = -1

    @property
    def rows(self) -> Rows:
        """The rows of the epochs so far, saved with the variables; append to them."""
        return self._rows.rows

    def attach(self, variables: Sequence[keras.Variable], step: keras.Variable) -> None:
        """Says what to save: every variable of the run, and the one that counts its steps."""
        self._step = step
        values = [variable.value for variable in variables]
        self._checkpoint = tf.train.Checkpoint(variables=values, rows=self._rows)

    def restore(self) -> int:
        """Restores the newest checkpoint that can be read.

        Returns:
            The number of steps taken; 0 where there is no checkpoint.

        Raises:
            UserError: there are checkpoints, and none can be read.
        """
        if self._files.read_newest(self._checkpoint) is None:
            return 0
        self._saved_step = int(self._step.numpy())
        return self._saved_step

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Saves after an epoch's last step, and when the step is a multiple of `every_steps`."""
        step = int(self._step.numpy())
        if step % self._epoch_steps == 0 or (self._every_steps and step % self._every_steps == 0):
            self.save()

    def save(self) -> None:
        """Writes a checkpoint of the current step, if there is none yet."""
        step = int(self._step.numpy())
        if step != self._saved_step:
            self._files.write(self._checkpoint, step)
            self._saved_step = step


def collect_variables(
    *parts: keras.layers.Layer | keras.optimizers.Optimizer,
) -> list[keras.Variable]:
    """Lists the variables of models and optimizers in their order, each once.

    `restore_network` reads the first ones: those of the network must come first.
    """
    variables = [variable for part in parts for variable in part.variables]
    return list({id(variable): variable for variable in variables}.values())


def restore_network(
    network: keras.layers.Layer, directory: pathlib.Path, name: str = "step"
) -> pathlib.Path:
    """Restores a network alone from a run's newest checkpoint that can be read.

    Args:
        network: built as the run built it, except that an auxiliary classifier may be missing.
        directory: of the checkpoints.
        name: of the checkpoints, before their numbers.

    Returns:
        The checkpoint's data file.

    Raises:
        UserError: there is no checkpoint that can be read.
    """
    files = CheckpointFiles(directory, name)
    number = files.read_newest(network_checkpoint(network))
    if number is None:
        raise UserError(
            f"{shorten_path(directory)}: has no checkpoint that can be read, accepted: a run that "
            "has been trained"
        )
    return files.files(number)[0]


def digest(directory: pathlib.Path) -> dict[str, Any]:
    """What identifies the checkpoint of a run's weights: its step, and a digest of its data.

    Raises:
        UserError: there is no checkpoint.
    """
    files = CheckpointFiles(directory, "step")
    number = files.newest_intact()
    if number is None:
        raise UserError(
            f"{shorten_path(directory)}: has no checkpoint that can be read, accepted: a run that "
            "has been trained"
        )
    with files.files(number)[0].open("rb") as data:
        return {"step": number, "digest": hashlib.file_digest(data, "sha256").hexdigest()}


def network_checkpoint(network: keras.layers.Layer) -> tf.train.Checkpoint:
    """A checkpoint of a network alone, which also reads those of a whole run."""
    return tf.train.Checkpoint(variables=[variable.value for variable in network.variables])
