"""Mean and deviation of log alpha's gradient at several temperatures, while theta trains.

    python experiments/alpha_gradient.py --data_dir=DIR [--steps=100] [--warmup=100]

Alpha is fixed, and all operations are equally probable. Theta is trained for --warmup steps at the
first temperature and goes on through --steps steps at each, in the order of a search. The defaults
are the paper's network and images. --gap=G lifts one operation of each edge, drawn by seed, by G:
a search that has begun to decide.

A temperature that is finished is not repeated, so an interrupted run continues where it stopped.
Prints a table and writes summary.json and, by temperature, each step's gradients into --model_dir.
"""

import json
import os
import pathlib
import sys
import time

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
from snas_tf.config import DataConfig, SearchConfig
from snas_tf.runs import devices

flags.DEFINE_string("data_dir", None, "Where the prepared CIFAR-10 is.")
flags.DEFINE_string("model_dir", "runs/alpha_gradient", "Where the results go.")
flags.DEFINE_list("temperatures", ["1", "0.5", "0.25", "0.1", "0.03"], "In this order.")
flags.DEFINE_integer("steps", 100, "Steps at each temperature.", 2)
flags.DEFINE_integer("warmup", 100, "Steps of theta before the first is measured.", 0)
flags.DEFINE_integer("num_cells", 8, "Of the network.")
flags.DEFINE_integer("init_channels", 16, "Of the network.")
flags.DEFINE_integer("image_size", None, "Side of the images; default: their own.")
flags.DEFINE_integer("batch_size", 64, "Images a step.")
flags.DEFINE_float("theta_learning_rate", 0.025, "Constant.")
flags.DEFINE_enum("relaxation", "concrete", ["concrete", "one_hot"], "How an edge draws.")
flags.DEFINE_float("gap", 0.0, "By how much one operation of each edge is ahead in log alpha.")
flags.DEFINE_integer("seed", 0, "Of everything.")

HORIZON = 10**9
"""Steps over which theta's rate would fall: it stays as it is."""


def measure(algorithm, batches, temperature, steps):
    """Losses [steps] and arrays [steps, kinds, edges, operations] by name; seconds a step."""
    records, losses, start = [], [], time.monotonic()
    for number in range(steps):
        loss, record = fixed_alpha.step(algorithm, next(batches), tf.constant(temperature))
        losses.append(float(loss))
        records.append({name: array.numpy() for name, array in record.items()})
        if (number + 1) % 20 == 0:
            seconds = (time.monotonic() - start) / (number + 1)
            print(
                f"temperature {temperature:g}: step {number + 1} of {steps}, {seconds:.2f} s a "
                f"step, loss {np.mean(losses[-20:]):.3f}",
                flush=True,
            )
    arrays = {name: np.stack([record[name] for record in records]) for name in records[0]}
    return {"loss": np.array(losses), "seconds": (time.monotonic() - start) / steps, **arrays}


def statistics(gradients):
    """Compute root mean squares over the entries of gradients [steps, edges, operations].

    Returns:
        "mean", with what the noise adds to the square of a mean of so many steps taken off;
        "deviation" of a step; "ratio" of the two, of each entry, likewise; "error" of the square of
        the last, if entries are independent.
    """
    steps = len(gradients)
    mean, variance = gradients.mean(0), gradients.var(0, ddof=1)
    square = np.mean(mean**2) - np.mean(variance) / steps
    ratios = mean**2 / np.maximum(variance, 1e-30)
    # The mean of t^2 with n - 1 degrees of freedom is (n - 1) / (n - 3) where the true mean is 0.
    ratio = np.mean(ratios) - (steps - 1) / (steps - 3) / steps
    return {
        "mean": float(np.sign(square) * np.sqrt(abs(square))),
        "deviation": float(np.sqrt(np.mean(variance))),
        "ratio": float(np.sign(ratio) * np.sqrt(abs(ratio))),
        "error_of_squared_ratio": float(np.std(ratios) / np.sqrt(ratios.size)),
    }


def credit_ratio(credits):
    """Compute deviation, and ratio of means, of credits [steps, edges, operations].

    The ratio is the one of deciding_model.py: the deviation of the operations' mean credits over
    that of a step. Operations that do not run have a credit of 0 here, so it counts only at high
    temperatures.
    """
    centered = credits - credits.mean(axis=-1, keepdims=True)
    variance = np.mean(centered.var(axis=0, ddof=1))
    square = np.mean(centered.mean(axis=0) ** 2) / variance - 1 / len(credits)
    return {
        "credit_deviation": float(np.sqrt(variance)),
        "credit_ratio": float(np.sign(square) * np.sqrt(abs(square))),
        "credit_by_operation": [
            round(float(mean / np.sqrt(variance)), 3) for mean in centered.mean(axis=(0, 1))
        ],
    }


def summary(record):
    """Summarize the measurements at a temperature."""
    gradients = record["gradient"]
    norms = np.sqrt((gradients**2).sum((1, 2, 3)))
    return {
        "steps": len(gradients),
        "seconds_a_step": float(record["seconds"]),
        "loss": float(record["loss"].mean()),
        "norm": {"median": float(np.median(norms)), "largest": float(norms.max())},
        **{
            kind: {**statistics(gradients[:, index]), **credit_ratio(record["credit"][:, index])}
            for index, kind in enumerate(DARTS.kinds)
        },
    }


def make(values):
    """The model and the function that makes its batches from a step on."""
    images = DataConfig(
        data_dir=values.data_dir, image_size=values.image_size, batch_size=values.batch_size
    )
    config = SearchConfig(
        values.num_cells,
        values.init_channels,
        relaxation=values.relaxation,
        theta_learning_rate=values.theta_learning_rate,
    )
    model, batches = fixed_alpha.make(config, images, HORIZON, values.seed)
    space, edges = model.algorithm.space, model.algorithm.distribution.edges
    generator = np.random.default_rng(values.seed)
    for kind in space.kinds:
        favored = np.eye(len(space.operations))[generator.integers(0, 8, len(space.edges))]
        edges[kind].log_alpha.assign(values.gap * favored)
    return model, batches


def main(_):
    """Measure what is missing, and print the table."""
    values = flags.FLAGS
    logging.set_verbosity(logging.WARNING)
    devices.configure()
    folder = pathlib.Path(values.model_dir)
    folder.mkdir(parents=True, exist_ok=True)
    summaries, made, latest = {}, None, None
    for index, temperature in enumerate(values.temperatures):
        path = folder / f"temperature_{temperature}.npz"
        if not path.exists():
            made = made or make(values)
            model, batches = made
            if latest:
                with np.load(latest) as held:
                    for number, variable in enumerate(model.state()):
                        variable.assign(held[f"state_{number}"])
            elif values.warmup:
                measure(
                    model.algorithm, batches(0, values.warmup), float(temperature), values.warmup
                )
            done = values.warmup + index * values.steps
            record = measure(
                model.algorithm, batches(done, values.steps), float(temperature), values.steps
            )
            state = {f"state_{n}": one.numpy() for n, one in enumerate(model.state())}
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, **record, **state)
            partial.replace(path)
        latest = path
        with np.load(path) as record:
            summaries[temperature] = summary(record)
        print(f"temperature {temperature}: {json.dumps(summaries[temperature])}", flush=True)
        (folder / "summary.json").write_text(json.dumps(summaries, indent=1) + "\n")
    print("| temperature | kind | mean | deviation | ratio | loss |")
    print("| --- | --- | --- | --- | --- | --- |")
    for temperature, one in summaries.items():
        for kind in DARTS.kinds:
            cells = [f"{one[kind][name]:.2g}" for name in ("mean", "deviation", "ratio")]
            print(f"| {temperature} | {kind} | {' | '.join(cells)} | {one['loss']:.2f} |")


if __name__ == "__main__":
    app.run(main)
