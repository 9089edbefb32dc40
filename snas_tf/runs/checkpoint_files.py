"""Numbered checkpoint files, verified before anything of them is restored."""

import contextlib
import hashlib
import pathlib
import re
import tempfile
from collections.abc import Iterator

import keras
import tensorflow as tf
from absl import logging

from snas_tf.errors import UserError, shorten_path
from snas_tf.files import plain_paths, whole_files

_KEPT = 3
_SUFFIXES = (".data-00000-of-00001", ".index")
"""Of a checkpoint's files; the index comes last, so that where it is, the data are."""


class CheckpointFiles:
    """Numbered checkpoints in a directory.

    Only files named as this class names them are read or removed. A checkpoint is written into a
    temporary directory and renamed, so that a killed process leaves no half-written one.

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
        """List the numbers of the files with a suffix."""
        if not self._directory.is_dir():
            return []
        pattern = re.compile(rf"{self._name}-(0|[1-9][0-9]*){re.escape(suffix)}")
        matches = ((path, pattern.fullmatch(path.name)) for path in self._directory.iterdir())
        return sorted(int(match[1]) for path, match in matches if match and path.is_file())

    def files(self, number: int) -> list[pathlib.Path]:
        """The files of a checkpoint, its index last."""
        return [self._directory / f"{self._name}-{number}{suffix}" for suffix in _SUFFIXES]

    def write(self, checkpoint: tf.train.Checkpoint, number: int) -> None:
        """Write a checkpoint and remove the oldest beyond those kept."""
        self._directory.mkdir(exist_ok=True)
        files = self.files(number)
        prefix = whole_files.PREFIX
        with tempfile.TemporaryDirectory(dir=self._directory, prefix=prefix) as temporary:
            checkpoint.write(f"{temporary}/{self._name}-{number}")
            files[-1].unlink(missing_ok=True)
            for path in files:
                pathlib.Path(temporary, path.name).rename(path)
        self.remove_old(number)

    def remove_old(self, number: int) -> None:
        """Remove the oldest checkpoints beyond those kept, of which one has this number."""
        kept = {*self.numbers()[-self._kept :], number}
        for suffix in reversed(_SUFFIXES):  # A killed run may leave data without an index.
            for old in self._numbers(suffix):
                if old not in kept:
                    (self._directory / f"{self._name}-{old}{suffix}").unlink()

    def read(self, checkpoint: tf.train.Checkpoint, number: int) -> None:
        """Restore a checkpoint, after its checksums are verified.

        Raises:
            ValueError: it can't be read, for a reason of one line.
        """
        self.verify(number)
        self.restore(checkpoint, number)

    def restore(self, checkpoint: tf.train.Checkpoint, number: int) -> None:
        """Restore a checkpoint that has been verified.

        Raises:
            ValueError: it can't be read, for a reason of one line.
        """
        with self._reading(number) as prefix:
            checkpoint.read(prefix).assert_existing_objects_matched().expect_partial()

    def verify(self, number: int) -> None:
        """Read a checkpoint and check its checksums.

        Raises:
            ValueError: it can't be read, for a reason of one line.
        """
        with self._reading(number) as prefix:
            if not all(path.is_file() for path in self.files(number)):
                raise FileNotFoundError("it lacks a file")
            reader = tf.train.load_checkpoint(prefix)
            for name in reader.get_variable_to_shape_map():
                reader.get_tensor(name)

    @contextlib.contextmanager
    def _reading(self, number: int) -> Iterator[str]:
        """Yield the prefix of a checkpoint; what is raised while it is read is a ValueError."""
        try:
            with plain_paths.alias(self._directory) as directory:
                yield f"{directory}/{self._name}-{number}"
        # TensorFlow raises a different class of exception for each kind of damage.
        except Exception as error:
            raise ValueError((str(error) or type(error).__name__).splitlines()[0]) from error

    def read_newest(self, checkpoint: tf.train.Checkpoint) -> int | None:
        """Restore the newest checkpoint that can be read.

        Args:
            checkpoint: what to restore.

        Returns:
            Its number; None if there is no checkpoint, or a single one that is damaged.

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

    def require_newest(self, checkpoint: tf.train.Checkpoint | None = None) -> int:
        """Restore the newest checkpoint.

        An older one would be another network than the one that the run reports.

        Args:
            checkpoint: what to restore; None to verify the checkpoint only.

        Returns:
            Its number.

        Raises:
            UserError: there is no checkpoint, or the newest can't be read.
        """
        numbers = self.numbers()
        if not numbers:
            raise UserError(
                f"{shorten_path(self._directory)}: has no checkpoint, accepted: a run that has "
                "been trained"
            )
        try:
            if checkpoint is None:
                self.verify(numbers[-1])
            else:
                self.read(checkpoint, numbers[-1])
        except ValueError as error:
            path = self.files(numbers[-1])[-1].with_suffix("")
            raise UserError(
                f"{shorten_path(path)}: can't be read ({error}), accepted: the checkpoint as the "
                "run wrote it"
            ) from error
        return numbers[-1]

    def digest(self, number: int) -> str:
        """The SHA-256 digest of a checkpoint's data."""
        with self.files(number)[0].open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()


def restore_network(
    network: keras.layers.Layer, directory: pathlib.Path, name: str = "step"
) -> pathlib.Path:
    """Restore a network alone from a run's newest checkpoint.

    Args:
        network: built as the run built it, except that an auxiliary classifier may be missing.
        directory: directory of the checkpoints.
        name: name of the checkpoints, before their numbers.

    Returns:
        The checkpoint's data file.

    Raises:
        UserError: there is no checkpoint, or it can't be read.
    """
    files = CheckpointFiles(directory, name)
    return files.files(files.require_newest(network_checkpoint(network)))[0]


def network_checkpoint(network: keras.layers.Layer) -> tf.train.Checkpoint:
    """Make a checkpoint of a network alone; it also reads those of a whole run."""
    return tf.train.Checkpoint(variables=[variable.value for variable in network.variables])
