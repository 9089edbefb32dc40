"""Training step of a child, ours and PyTorch's, alternating; and the limit of the machine.

    python benchmarks/child_step.py [--genotype=snas_mild] [--batch_size=96] [--against=bfloat16]

With auxiliary tower and drop path, on synthetic images. Needs requirements-benchmark.txt.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from benchmarks import children, limits, rounds
from snas_tf.architecture import network_cost

flags.DEFINE_integer("batch_size", 96, "Images a step.", 1)
flags.DEFINE_integer("steps", 6, "Steps of each candidate, after the first two.", 1)

_AUXILIARY = 128 * 768 * 2 * 2 + 2 * 128 + 2 * 768 + 768 * 10 + 10
"""Parameters of the tower (Section 3.2), but for its first convolution's 128 a channel."""


PRECISIONS = {"ours": "float32", "ours, bfloat16": "bfloat16"}
"""The precision of each row of ours."""


def ours(precision):
    """Make the candidate of `--mode=evaluate`."""
    from snas_tf import tensorflow_import

    tensorflow_import.import_tensorflow()
    from benchmarks import tensorflow_training
    from snas_tf.config import ChildConfig

    values = flags.FLAGS
    size = values.num_cells, values.init_channels
    config = ChildConfig(*size, genotype=values.genotype, precision=precision)
    return tensorflow_training.child(config, values.batch_size, children.SIDE, {})


def pytorch(name):
    """Make the candidate in PyTorch, halfway through the training: a drop probability of 0.1."""
    from benchmarks import pytorch_child, pytorch_layers

    network = children.pytorch(name, auxiliary=True)
    batch = pytorch_layers.synthetic_batch(flags.FLAGS.batch_size, children.SIDE)
    training = pytorch_child.Training(network, batch, drop_probability=0.1)
    return rounds.Candidate(training.step, pytorch_layers.parameters(network), {})


def make(name):
    """Make the candidate of a name."""
    return ours(PRECISIONS[name]) if name in PRECISIONS else pytorch(name)


def main(_):
    """Print a line for each comparison."""
    values = flags.FLAGS
    if values.worker:
        rounds.serve(lambda: make(values.worker))
        return
    network_plan = children.plan()
    counted = network_cost.child_cost(children.load_genotype(), network_plan, 10)
    channels = network_plan[2 * len(network_plan) // 3].output_channels
    parameters = counted.parameters + _AUXILIARY + 128 * channels
    print(f"{values.genotype}, {parameters:,} parameters; median seconds of a step")
    names = [*PRECISIONS, *rounds.BASELINES]
    seconds = rounds.compare(__file__, names, values.steps, parameters=parameters)
    limits.report(*limits.of_training(counted, values.batch_size), seconds)


if __name__ == "__main__":
    app.run(main)
