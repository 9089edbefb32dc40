"""What a run reports at the end of every epoch."""

import time
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from snas_tf.errors import UserError
from snas_tf.training.progress import Progress, duration
from snas_tf.training.run_directory import RunDirectory


class Monitor(keras.callbacks.Callback):
    """One row an epoch: on the screen, in metrics.csv, in TensorBoard.

    A subclass says what is in a row, and may keep or draw more.

    Args:
        run: the run directory; its rows of earlier epochs are kept.
        progress: measures the rate.
        num_epochs: epochs of the whole run.
        first_epoch: epochs already done; later rows, of a checkpoint that was lost, are dropped.
    """

    tags: ClassVar[dict[str, str]] = {}
    """TensorBoard's names of what is in a row."""

    def __init__(
        self, run: RunDirectory, progress: Progress, num_epochs: int, first_epoch: int
    ) -> None:
        super().__init__()
        self._run = run
        self._progress = progress
        self._num_epochs = num_epochs
        self.rows = run.read_rows()[:first_epoch]
        self._seconds_before = self.rows[-1]["seconds"] if self.rows else 0.0
        self._start = time.monotonic()
        self._writer = tf.summary.create_file_writer(str(run.tensorboard))

    def seconds(self) -> float:
        """Time spent on the run so far, before an interruption included."""
        return self._seconds_before + time.monotonic() - self._start

    def images_per_second(self) -> float | None:
        """The median over the epochs; None before the first."""
        rates = [row["images_per_second"] for row in self.rows]
        return float(np.nanmedian(rates)) if np.isfinite(rates).any() else None

    def write_flags(self, flags: dict[str, Any]) -> None:
        """Shows the flags in TensorBoard's text tab."""
        lines = [f"| {name} | {value} |" for name, value in flags.items()]
        with self._writer.as_default(step=0):
            tf.summary.text("flags", "\n".join(["| flag | value |", "| --- | --- |", *lines]))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Reports the epoch.

        Raises:
            UserError: the loss is no longer a number.
        """
        if not np.isfinite(logs["loss"]):
            raise UserError(
                f"--theta_learning_rate: training diverged, the loss of epoch {epoch + 1} is "
                f"{logs['loss']}, accepted: a lower rate, in another --model_dir"
            )
        row = {
            "epoch": epoch + 1,
            "step": int(self.model.step.numpy()),
            **self.measure(logs),
            "images_per_second": self._progress.images_per_second(),
            "seconds": self.seconds(),
        }
        row = {name: float(value) for name, value in row.items()}
        self.rows.append(row)
        self._run.write_rows(self.rows)
        left = duration((self._num_epochs - epoch - 1) * self._progress.epoch_seconds())
        print(
            f"epoch {epoch + 1}/{self._num_epochs}  {self.describe(row)}  "
            f"{row['images_per_second']:.0f} images/s  {left} left",
            flush=True,
        )
        with self._writer.as_default(step=epoch + 1):
            for name in row.keys() - {"epoch", "step"}:
                tf.summary.scalar(self.tags.get(name, f"run/{name}"), row[name])
            self.keep(epoch, row)
        self._writer.flush()

    def measure(self, logs: dict[str, float]) -> dict[str, Any]:
        """What is in the epoch's row besides epoch, step, rate and time."""
        raise NotImplementedError

    def describe(self, row: dict[str, float]) -> str:
        """The row on the screen."""
        raise NotImplementedError

    def keep(self, epoch: int, row: dict[str, float]) -> None:
        """Writes whatever else is of interest, with TensorBoard's writer set up."""
