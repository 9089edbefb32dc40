"""The base class of monitors."""

import math
import time
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from snas_tf.runs import event_files
from snas_tf.runs.checkpoints import Rows
from snas_tf.runs.progress import Progress, duration
from snas_tf.runs.run_directory import RunDirectory


class Monitor:
    """Base class of monitors: report a row per epoch on screen, in metrics.csv and TensorBoard.

    A subclass defines the row, and may write more files. All that it writes depends on the model
    and the rows alone, so that the end of an epoch can be reported again.

    Args:
        model: the model that is trained.
        run: the run directory.
        progress: measures the rate.
        num_epochs: epochs of the whole run.
        rows: rows of earlier epochs; later ones are appended.
    """

    tags: ClassVar[Mapping[str, str]] = {}
    """TensorBoard's names of what is in a row."""

    def __init__(
        self, model: Any, run: RunDirectory, progress: Progress, num_epochs: int, rows: Rows
    ) -> None:
        self.model = model
        self.rows = rows
        self._run = run
        self._progress = progress
        self._num_epochs = num_epochs
        self._seconds_before = self.rows[-1]["seconds"] if self.rows else 0.0
        self._start = time.monotonic()
        event_files.keep_until(run.tensorboard, len(rows) or -1)
        self._writer = tf.summary.create_file_writer(str(run.tensorboard))
        if not rows:
            self._write_settings()

    def seconds(self) -> float:
        """Seconds spent on the run so far, including those before an interruption."""
        return self._seconds_before + time.monotonic() - self._start

    def images_per_second(self) -> float | None:
        """Median rate over the epochs; None if it was not measured in any."""
        rates = [row["images_per_second"] for row in self.rows]
        return float(np.nanmedian(rates)) if np.isfinite(rates).any() else None

    def _write_settings(self) -> None:
        """Show the settings in TensorBoard's text tab."""
        lines = [f"| {name} | {value} |" for name, value in vars(self.model.config).items()]
        with self._writer.as_default(step=0):
            text = "\n".join(["| setting | value |", "| --- | --- |", *lines])
            tf.summary.text("settings", text)

    def report(self, epoch: int, means: dict[str, float]) -> None:
        """Report an epoch.

        Args:
            epoch: counted from 0.
            means: means over its training images, and over the validation images.
        """
        row = {
            "epoch": epoch + 1,
            "step": self.model.step.numpy(),
            **self.measure(means),
            "images_per_second": self._progress.images_per_second(),
            "seconds": self.seconds(),
        }
        row = {name: float(keras.ops.convert_to_numpy(value)) for name, value in row.items()}
        self.rows.append(row)
        print("  ".join([f"epoch {epoch + 1}/{self._num_epochs}", *self._line(row)]), flush=True)
        with self._writer.as_default(step=epoch + 1):
            for name in row.keys() - {"epoch", "step"}:
                if not math.isnan(row[name]):
                    tf.summary.scalar(self.tag(name), row[name])
            self.keep(epoch, row)
        self._writer.flush()
        self._run.write_rows(self.rows)

    def _line(self, row: dict[str, float]) -> list[str]:
        """Format the row for the screen; without a rate if only one step was timed."""
        parts = [self.describe(row)]
        if math.isfinite(row["images_per_second"]):
            parts.append(f"{row['images_per_second']:.0f} images/s")
            left = (self._num_epochs - row["epoch"]) * self._progress.epoch_seconds()
            parts.append(f"{duration(left)} left")
        return parts

    def tag(self, name: str) -> str:
        """TensorBoard's name of a column."""
        return self.tags.get(name, f"run/{name}")

    def measure(self, means: dict[str, float]) -> dict[str, Any]:
        """Return the row of an epoch, without epoch, step, rate and time."""
        raise NotImplementedError

    def describe(self, row: dict[str, float]) -> str:
        """Format the row for the screen."""
        raise NotImplementedError

    def keep(self, epoch: int, row: dict[str, float]) -> None:
        """Write further files and TensorBoard entries."""
