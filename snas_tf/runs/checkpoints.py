"""Checkpoints from which a run continues bit for bit."""

import json
import pathlib
from collections.abc import Sequence

import keras
import tensorflow as tf

from snas_tf.runs import cluster
from snas_tf.runs.checkpoint_files import CheckpointFiles

Rows = list[dict[str, float]]
"""One dict an epoch, as in metrics.csv."""


class _SavedRows(tf.train.experimental.PythonState):
    """Rows of metrics as a part of a checkpoint."""

    def __init__(self) -> None:
        self.rows: Rows = []

    def serialize(self) -> str:
        return json.dumps(self.rows)

    def deserialize(self, string_value: bytes) -> None:
        self.rows = json.loads(string_value)


class Checkpoints(keras.callbacks.Callback):
    """Callback that saves after every epoch, and every `every_steps` steps within one.

    Where several processes train, the chief alone saves, and the others take its state.

    The flat list of all variables is saved, independently of TensorFlow's tracking: weights,
    statistics, optimizer slots, steps, and the sums of the current epoch; and the rows of earlier
    epochs. A checkpoint is written before its epoch's validation and row, which are repeated if a
    run resumes there.

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
        """Set what to save: all variables of the run, and its step counter."""
        self._step = step
        self._variables = variables
        values = [variable.value for variable in variables]
        self._checkpoint = tf.train.Checkpoint(variables=values, rows=self._rows)

    def restore(self) -> int:
        """Restore the newest checkpoint of the chief that can be read.

        Returns:
            The number of steps taken; 0 where there is no checkpoint.

        Raises:
            UserError: there are checkpoints, and none can be read.
        """
        processes = cluster.current()
        number = self._files.read_newest(self._checkpoint)
        if number is not None:
            self._files.remove_old(number)  # Which a killed run may have left.
        if not processes.from_chief(number is not None):
            return 0
        self.rows[:] = processes.from_chief(self.rows)
        processes.assign_from_chief(self._variables)
        self._saved_step = int(self._step.numpy())
        return self._saved_step

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Save after an epoch's last step, and when the step is a multiple of `every_steps`."""
        step = int(self._step.numpy())
        if step % self._epoch_steps == 0 or (self._every_steps and step % self._every_steps == 0):
            self.save()

    def is_saved(self) -> bool:
        """Whether there is a checkpoint of the current step."""
        return int(self._step.numpy()) == self._saved_step

    def save(self) -> None:
        """Write a checkpoint of the current step, if there is none yet."""
        if not self.is_saved() and cluster.current().is_chief:
            step = int(self._step.numpy())
            self._files.write(self._checkpoint, step)
            self._saved_step = step


def collect_variables(
    *parts: keras.layers.Layer | keras.optimizers.Optimizer,
) -> list[keras.Variable]:
    """List the variables of models and optimizers in their order, each once.

    `checkpoint_files.restore_network` reads the first ones: those of the network must come first.
    """
    variables = [variable for part in parts for variable in part.variables]
    return list({id(variable): variable for variable in variables}.values())
