"""Latency of an exported child, ours and PyTorch's, alternating; and the limit of the machine.

    python benchmarks/child_latency.py [--genotype=snas_mild] [--batch_sizes=1,64]

Ours is the SavedModel that `--mode=export` writes, PyTorch's an eager network in inference mode.
Needs requirements-benchmark.txt.
"""

import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from benchmarks import children, limits, rounds
from snas_tf.architecture import network_cost

flags.DEFINE_list("batch_sizes", ["1", "64"], "Images per call, one comparison each.")
flags.DEFINE_integer("images", 0, "Used by the benchmark itself: images a call.")
flags.DEFINE_integer("turns", 10, "Turns of each candidate, after the first two calls.", 1)


def ours():
    """Make the candidate of the SavedModel."""
    from snas_tf import tensorflow_import

    tensorflow_import.import_tensorflow()
    import tensorflow as tf

    from snas_tf.models.description import NetworkDescription
    from snas_tf.models.folded import FoldedChild
    from snas_tf.workflows.export_formats import saved_model

    values = flags.FLAGS
    described = NetworkDescription(
        values.num_cells,
        values.init_channels,
        (children.SIDE,) * 2,
        tuple("0123456789"),
        (120,) * 3,
        (60,) * 3,
    )
    network = described.child(children.load_genotype())
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "export")
        saved_model.save(FoldedChild(network), described, path)
        serve = tf.saved_model.load(str(path)).signatures["serving_default"]
    image = tf.zeros([values.images, children.SIDE, children.SIDE, 3], tf.uint8)
    return rounds.Candidate(lambda: serve(image=image)["probabilities"].numpy(), None, {})


def pytorch(name):
    """Make the candidate in PyTorch."""
    import torch

    from benchmarks import pytorch_layers

    network = children.pytorch(name, auxiliary=False).eval()
    images, _ = pytorch_layers.synthetic_batch(flags.FLAGS.images, children.SIDE)

    @torch.inference_mode()
    def call():
        return torch.softmax(network(images), 1).numpy()

    return rounds.Candidate(call, pytorch_layers.parameters(network), {})


def main(_):
    """Print a line for each comparison."""
    values = flags.FLAGS
    if values.worker:
        rounds.serve(lambda: ours() if values.worker == "ours" else pytorch(values.worker))
        return
    counted = network_cost.child_cost(children.load_genotype(), children.plan(), 10)
    for images in map(int, values.batch_sizes):
        print(f"{values.genotype}, {images} images; median milliseconds of a call")
        sys.argv.append(f"--images={images}")
        calls = max(1, 32 // images)
        names = ["ours", *rounds.BASELINES]
        seconds = rounds.compare(
            __file__, names, values.turns, calls, 1e-3, parameters=counted.parameters
        )
        limits.report(*limits.of_inference(counted, images), seconds)


if __name__ == "__main__":
    app.run(main)
