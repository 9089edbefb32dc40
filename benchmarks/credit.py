"""What the credit of Eq. 8 says of each operation while theta trains and alpha stands still.

    python benchmarks/credit.py --data_dir=DIR [--theta_learning_rate=0.1] [--steps=350]

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

from benchmarks import tensorflow_training
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.config import DataConfig, SearchConfig
from snas_tf.data import memory_collection
from snas_tf.data.batches import BatchConfig
from snas_tf.plots.picture import label
from snas_tf.runs import devices
from snas_tf.training import optimizers

flags.DEFINE_string("data_dir", None, "Where the prepared CIFAR-10 is.")
flags.DEFINE_float("theta_learning_rate", 0.1, "As in the search.", 0)
flags.DEFINE_integer("steps", 350, "Steps.", 50)
flags.DEFINE_integer("seed", 0, "Of everything.")


@tf.function(autograph=False)
def step(model, batch):
    """Updates theta; returns the loss and, by kind, the draw and each entry's cost."""
    with tf.GradientTape() as tape:
        z = model.draw(0)
        logits = model.network(batch["image"], z, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
        loss = tf.reduce_mean(losses)
    theta = [variable.value for variable in model.theta]
    gradients, costs = tape.gradient(loss, (theta, z))
    optimizers.apply_across_replicas(
        model.theta_optimizer,
        gradients,
        model.theta,
        model.config.theta_clip_norm,
        model.config.theta_weight_decay,
    )
    model.step.assign_add(1)  # names the draw
    return loss, z, costs


def report(number, losses, draws, costs):
    """Prints the means of the steps since the last report."""
    print(f"steps to {number}: loss {np.mean(losses):.2f}")
    for kind in DARTS.kinds:
        drawn, cost = np.stack(draws[kind]), np.stack(costs[kind])
        means = (drawn * cost).sum((0, 1)) / drawn.sum((0, 1))
        named = (
            f"{label(name)} {mean:+.3f}" for name, mean in zip(DARTS.operations, means, strict=True)
        )
        print(f"    {kind:6}  {'  '.join(named)}", flush=True)


def main(_):
    """Trains and reports."""
    values = flags.FLAGS
    logging.set_verbosity(logging.WARNING)
    devices.configure()
    images = DataConfig(data_dir=values.data_dir, image_size=8, batch_size=128)
    dataset = memory_collection.read(images).split(values.seed)
    batch_config = BatchConfig.from_config(images, values.seed)
    config = SearchConfig(
        3, 8, relaxation="one_hot", theta_learning_rate=values.theta_learning_rate
    )
    network = tensorflow_training.describe(config, dataset).make_parent()
    model = SearchModel(network, config, values.steps, values.seed)
    batches = iter(dataset.training_batches(batch_config, 0, values.steps))
    for first in range(0, values.steps, 50):
        numbers = range(first, min(first + 50, values.steps))
        losses, draws, costs = zip(*(step(model, next(batches)) for _ in numbers), strict=True)
        by_kind = (
            {kind: [one[kind] for one in many] for kind in DARTS.kinds} for many in (draws, costs)
        )
        report(numbers[-1] + 1, losses, *by_kind)


if __name__ == "__main__":
    app.run(main)
