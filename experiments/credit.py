"""Credit of Eq. 8 of each operation, while theta is trained and alpha is fixed.

    python experiments/credit.py --data_dir=DIR [--theta_learning_rate=0.1] [--steps=350]

A search with one-hot draws on CIFAR-10 at the size of constraint_levels.py, every operation drawn
alike throughout. Prints, for every 50 steps, the loss and the mean cost of each operation, which is
minus its credit: above 0 it is charged, and "none" costs 0.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags, logging

from snas_tf import tensorflow_import
from snas_tf.architecture.spaces import DARTS

tensorflow_import.import_tensorflow()

import numpy as np
import tensorflow as tf

from experiments import fixed_alpha
from snas_tf.architecture.operations import OPERATIONS
from snas_tf.config import DataConfig, SearchConfig
from snas_tf.runs import devices

flags.DEFINE_string("data_dir", None, "Where the prepared CIFAR-10 is.")
flags.DEFINE_float("theta_learning_rate", 0.1, "As in the search.", 0)
flags.DEFINE_integer("steps", 350, "Steps.", 50)
flags.DEFINE_integer("seed", 0, "Of everything.")


def report(number, losses, draws, costs):
    """Print the means of the steps since the last report.

    Args:
        number: number of the last step.
        losses: losses of each step.
        draws: [steps, kinds, edges, operations].
        costs: costs of the draws' entries.
    """
    print(f"steps to {number}: loss {np.mean(losses):.2f}")
    means = (draws * costs).sum((0, 2)) / draws.sum((0, 2))
    for kind, of_kind in zip(DARTS.kinds, means, strict=True):
        named = (
            f"{OPERATIONS[name].label} {mean:+.3f}"
            for name, mean in zip(DARTS.operations, of_kind, strict=True)
        )
        print(f"    {kind:6}  {'  '.join(named)}", flush=True)


def main(_):
    """Train and report."""
    values = flags.FLAGS
    logging.set_verbosity(logging.WARNING)
    devices.configure()
    images = DataConfig(data_dir=values.data_dir, image_size=8, batch_size=128)
    config = SearchConfig(
        3, 8, relaxation="one_hot", theta_learning_rate=values.theta_learning_rate
    )
    model, batches = fixed_alpha.make(config, images, values.steps, values.seed)
    batches, temperature = batches(0, values.steps), tf.constant(1.0)  # One-hot draws have none.
    for first in range(0, values.steps, 50):
        numbers = range(first, min(first + 50, values.steps))
        steps = [fixed_alpha.step(model.algorithm, next(batches), temperature) for _ in numbers]
        losses, records = zip(*steps, strict=True)
        draws, costs = (np.stack([one[name] for one in records]) for name in ("z", "credit"))
        report(numbers[-1] + 1, losses, draws, costs)


if __name__ == "__main__":
    app.run(main)
