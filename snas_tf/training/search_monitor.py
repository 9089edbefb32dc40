"""What a search reports at the end of every epoch."""

import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from snas_tf import plots
from snas_tf.architecture import cost, genotype, space
from snas_tf.errors import UserError
from snas_tf.training.progress import Progress, duration
from snas_tf.training.run_directory import RunDirectory
from snas_tf.training.search_model import SearchModel


class SearchMonitor(keras.callbacks.Callback):
    """One row an epoch: on the screen, in metrics.csv, in TensorBoard; and the genotype so far.

    Args:
        run: the run directory; its rows of earlier epochs are kept.
        progress: measures the rate.
        num_epochs: epochs of the whole run.
        first_epoch: epochs already done; later rows, of a checkpoint that was lost, are dropped.
    """

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
        self._drawn: genotype.Genotype | None = None
        self._problems: dict[str, str | None] = {}

    def seconds(self) -> float:
        """Time spent on the run so far, before an interruption included."""
        return self._seconds_before + time.monotonic() - self._start

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
        found = genotype.derive(self.model.log_alpha())
        row = self._row(epoch, logs)
        self.rows.append(row)
        self._run.write_rows(self.rows)
        text = genotype.to_json(found)
        self._run.write_text(self._run.genotypes / f"epoch_{epoch + 1:04d}.json", text)
        self._run.write_text(self._run.path / "genotype.json", text)
        print(self._line(row), flush=True)
        self._warn_of_collapse(found)
        with self._writer.as_default(step=epoch + 1):
            self._write_summaries(row, found)
        self._writer.flush()

    def _warn_of_collapse(self, found: genotype.Genotype) -> None:
        """Once, when it begins: the cells of a young search come and go."""
        problems = {kind: genotype.collapse(found.cell(kind)) for kind in space.KINDS}
        for kind, problem in problems.items():
            if problem and problem != self._problems.get(kind):
                logging.warning("the %s cell is collapsing: %s", kind, problem)
        self._problems = problems

    def _row(self, epoch: int, logs: dict[str, float]) -> dict[str, float]:
        model: SearchModel = self.model
        expected = model.expected_costs()
        around = cost.surroundings(model.network.plans, model.network.num_classes)
        row = {
            "epoch": epoch + 1,
            "step": int(model.step.numpy()),
            "loss": logs["loss"],
            "cross_entropy": logs["cross_entropy"],
            "penalty": logs["penalty"],
            "accuracy": logs["accuracy"],
            "valid_cross_entropy": logs["val_cross_entropy"],
            "valid_accuracy": logs["val_accuracy"],
            **{f"entropy_{kind}": model.edges[kind].entropy() for kind in space.KINDS},
            "temperature": model.temperature(),
            "theta_learning_rate": model.theta_optimizer.learning_rate,
            "alpha_learning_rate": model.alpha_optimizer.learning_rate,
            **{
                f"expected_{name}": expected[name] + getattr(around, name) for name in cost.CRITERIA
            },
            "images_per_second": self._progress.images_per_second(),
            "seconds": self.seconds(),
        }
        return {name: float(value) for name, value in row.items()}

    def _line(self, row: dict[str, float]) -> str:
        left = (self._num_epochs - row["epoch"]) * self._progress.epoch_seconds()
        return (
            f"epoch {row['epoch']:.0f}/{self._num_epochs}  loss {row['loss']:.3f}  "
            f"accuracy {row['accuracy']:.3f}  valid {row['valid_accuracy']:.3f}  "
            f"entropy {row['entropy_normal']:.2f} normal {row['entropy_reduce']:.2f} reduce  "
            f"child {row['expected_parameters'] / 1e6:.3f} M parameters  "
            f"{row['images_per_second']:.0f} images/s  {duration(left)} left"
        )

    def _write_summaries(self, row: dict[str, float], found: genotype.Genotype) -> None:
        for name, value in row.items():
            if name not in ("epoch", "step"):
                tf.summary.scalar(_TAGS.get(name, f"search/{name}"), value)
        for kind in space.KINDS:
            alpha = self.model.edges[kind].probabilities().numpy()
            _write_figure(f"alpha/{kind}", plots.draw_alpha(alpha, f"alpha, {kind} cell"))
        if found != self._drawn:
            self._drawn = found
            tf.summary.text("genotype", f"```\n{genotype.to_json(found)}```")
            for kind in space.KINDS:
                _write_figure(f"cell/{kind}", plots.draw_cell(found.cell(kind), f"{kind} cell"))


_TAGS = {
    "loss": "losses/total",
    "cross_entropy": "losses/cross_entropy",
    "penalty": "losses/penalty",
    "valid_cross_entropy": "losses/valid_cross_entropy",
    "accuracy": "accuracy/train",
    "valid_accuracy": "accuracy/valid",
    "entropy_normal": "entropy/normal",
    "entropy_reduce": "entropy/reduce",
    "theta_learning_rate": "learning_rate/theta",
    "alpha_learning_rate": "learning_rate/alpha",
    "expected_parameters": "expected_cost/parameters",
    "expected_operations": "expected_cost/operations",
    "expected_memory_access": "expected_cost/memory_access",
}


def _write_figure(tag: str, figure: Any) -> None:
    image = tf.io.decode_png(plots.to_png_bytes(figure), channels=4)
    tf.summary.image(tag, np.asarray(image)[np.newaxis])
