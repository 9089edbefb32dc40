"""Checkpoints from which a run continues bit for bit."""

import pathlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from snas_tf.errors import UserError

_KEPT = 3


class Checkpoints(keras.callbacks.Callback):
    """Saves at the end of every epoch, and every so many steps within one.

    What is saved is the flat list of all variables, so nothing that a container hides from
    tracking can be missed: weights, statistics, optimiser slots, steps, and the running means of
    the epoch so far.

    Args:
        directory: where the checkpoints go.
        every_steps: a checkpoint every so many steps; 0 for none within an epoch.
    """

    def __init__(self, directory: pathlib.Path, every_steps: int) -> None:
        super().__init__()
        self._directory = directory
        self._every_steps = every_steps
        self._epoch_so_far: list[np.ndarray] | None = None
        self._saved_step = -1

    def attach(self, variables: Sequence[keras.Variable], step: keras.Variable) -> None:
        """Says what to save: every variable of the run, and the one that counts its steps."""
        self._step = step
        self._checkpoint = tf.train.Checkpoint(variables=[one.value for one in variables])
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(self._directory), max_to_keep=_KEPT, checkpoint_name="step"
        )

    def restore(self, metrics_variables: Sequence[keras.Variable]) -> int:
        """Restores the newest checkpoint that can be read.

        Args:
            metrics_variables: the running means, which `fit` resets when it starts.

        Returns:
            The number of steps taken; 0 where there is no checkpoint.

        Raises:
            UserError: there are checkpoints, and none can be read.
        """
        if not _read_newest(self._checkpoint, self._directory):
            return 0
        self._epoch_so_far = [variable.numpy() for variable in metrics_variables]
        self._saved_step = int(self._step.numpy())
        return self._saved_step

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Puts back the running means of an epoch that was interrupted."""
        if self._epoch_so_far is not None:
            for variable, value in zip(
                self.model.metrics_variables, self._epoch_so_far, strict=True
            ):
                variable.assign(value)
            self._epoch_so_far = None

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Saves when the step is a multiple of `every_steps`."""
        if self._every_steps and int(self._step.numpy()) % self._every_steps == 0:
            self.save()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Saves; must be the last callback of the epoch, so that its row is already written."""
        self.save()

    def save(self) -> None:
        """Writes a checkpoint and removes the oldest beyond three."""
        step = int(self._step.numpy())
        if step != self._saved_step:
            self._manager.save(checkpoint_number=step)
            self._saved_step = step


def state_of(model: keras.Model, *optimizers: keras.optimizers.Optimizer) -> list[keras.Variable]:
    """Every variable that a restart must bring back; those of `model.network` come first."""
    parts = (model.network, model, *optimizers)
    variables = [variable for part in parts for variable in part.variables]
    return list({id(one): one for one in (*variables, *model.metrics_variables)}.values())


def restore_network(network: keras.layers.Layer, directory: pathlib.Path) -> None:
    """Restores a network alone from a run's newest checkpoint that can be read.

    Args:
        network: built as the run built it, except that an auxiliary classifier may be missing.
        directory: of the checkpoints.

    Raises:
        UserError: there is no checkpoint that can be read.
    """
    checkpoint = tf.train.Checkpoint(variables=[one.value for one in network.variables])
    if not _read_newest(checkpoint, directory):
        raise UserError(f"{directory}: has no checkpoint, accepted: a run that has been trained")


def _read_newest(checkpoint: tf.train.Checkpoint, directory: pathlib.Path) -> bool:
    """Whether there was a checkpoint; the newest that can be read is."""
    found = sorted(directory.glob("*-*.index"), key=_number_of, reverse=True)
    for index in found:
        prefix = str(index.with_suffix(""))
        try:
            checkpoint.read(prefix).assert_existing_objects_matched().expect_partial()
        # TensorFlow raises another class of exception for each kind of damage.
        except Exception as error:
            reason = str(error).splitlines()[0]
            logging.warning("%s can't be read, trying the one before it (%s)", prefix, reason)
            continue
        return True
    if found:
        raise UserError(
            f"{directory}: none of its {len(found)} checkpoints can be read, accepted: "
            "an intact run, or another --model_dir"
        )
    return False


def _number_of(index: pathlib.Path) -> int:
    return int(index.stem.rpartition("-")[2])
