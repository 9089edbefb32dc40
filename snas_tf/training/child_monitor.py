"""What the training of a child reports at the end of every epoch."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from snas_tf.runs.checkpoint_files import CheckpointFiles, network_checkpoint
from snas_tf.runs.monitor import Monitor

BEST = "epoch"
"""What the checkpoint of the best epoch's weights is called, before its number."""


class ChildMonitor(Monitor):
    """Adds the weights of the epoch with the best validation accuracy."""

    tags: ClassVar[Mapping[str, str]] = {
        "loss": "losses/total",
        "cross_entropy": "losses/cross_entropy",
        "valid_cross_entropy": "losses/valid_cross_entropy",
        "accuracy": "accuracy/train",
        "valid_accuracy": "accuracy/valid",
        "top_5_accuracy": "accuracy/train_top_5",
        "valid_top_5_accuracy": "accuracy/valid_top_5",
        "theta_learning_rate": "learning_rate/theta",
        "drop_path_probability": "regularization/drop_path_probability",
    }

    def best_row(self) -> dict[str, float] | None:
        """The first row with the best validation accuracy; None without validation images."""
        rows = [row for row in self.rows if not math.isnan(row["valid_accuracy"])]
        return max(rows, key=lambda row: row["valid_accuracy"], default=None)

    def measure(self, means: dict[str, float]) -> dict[str, Any]:
        """See `Monitor.measure`."""
        held_out = [f"valid_{name}" for name in self.model.measures]
        return {
            "loss": means["loss"],
            **{name: means[name] for name in self.model.measures},
            **{name: means.get(name, math.nan) for name in held_out},
            "theta_learning_rate": self.model.theta_optimizer.learning_rate,
            "drop_path_probability": self.model.drop_probability(),
        }

    def describe(self, row: dict[str, float]) -> str:
        """See `Monitor.describe`."""
        line = f"loss {row['loss']:.3f}  accuracy {row['accuracy']:.3f}"
        if math.isnan(row["valid_accuracy"]):
            return line
        return f"{line}  valid {row['valid_accuracy']:.3f}"

    def keep(self, epoch: int, row: dict[str, float]) -> None:
        """Keep the weights if they are the best so far."""
        if row is self.best_row():
            checkpoint = network_checkpoint(self.model.network)
            CheckpointFiles(self._run.best, BEST, kept=1).write(checkpoint, epoch + 1)
