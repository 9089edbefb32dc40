"""A new operation, in a search space of its own: python examples/new_operation.py

An operation is an `OperationSpec`: its names, its cost, and its layer. The layer makes the weights
of all edges of a cell at once, and `apply` runs one edge with its share of them. A space is
registered under a name, which `SearchConfig` and the files of a run use.
"""

import argparse

import numpy as np
import sklearn.datasets
import tensorflow as tf

import snas_tf
from snas_tf.architecture import cost
from snas_tf.architecture.cell_plan import halve
from snas_tf.layers.base_operation import BaseOperation
from snas_tf.layers.normalization import batch_normalize


class Convolution(BaseOperation):
    """ReLU, 5 x 5 convolution, normalization; the ReLU is the cell's."""

    def __init__(self, count, channels, affine=False, **kwargs):
        super().__init__(count, channels, affine, **kwargs)
        self.add_kernel("kernel", (5, 5, channels, channels), fan_in=25 * channels)
        self.add_normalization(channels)

    @classmethod
    def apply(cls, x, weights, stride, scale=None, training=False):
        """See `BaseOperation.apply`."""
        padding = [[0, 0], [2, 2], [2, 2], [0, 0]]
        x = tf.nn.conv2d(x, weights["kernel"], stride, padding)
        return batch_normalize(x, weights, scale, training)


def count(channels, stride, size):
    """The cost of the operation on one feature map of this (height, width)."""
    size = halve(size) if stride == 2 else size
    return cost.convolution(5 * 5, channels, channels, size) + cost.normalization(channels)


SPEC = snas_tf.operations.OperationSpec("conv_5x5", "other", "conv 5x5", count, Convolution)
snas_tf.operations.register(SPEC)
CANDIDATES = ("none", "skip_connect", "max_pool_3x3", "conv_5x5")
snas_tf.spaces.register(snas_tf.SearchSpace("small", CANDIDATES, num_intermediate=2))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model_dir", default="runs/new_operation")
    parser.add_argument("--epochs", type=int, default=20)
    args = parser.parse_args()
    digits = sklearn.datasets.load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    config = snas_tf.SearchConfig(space="small", num_cells=3, init_channels=8, epochs=args.epochs)
    data, labels = snas_tf.DataConfig(mirror=False), digits.target
    found = snas_tf.search(images, labels, model_dir=args.model_dir, config=config, data=data)
    print(*found.genotype.cell("normal").edges, sep="\n")
