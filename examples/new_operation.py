"""A new operation: python examples/new_operation.py, or snas --plugin=examples/new_operation.py"""

import tensorflow as tf

import snas_tf
from snas_tf.architecture import cost
from snas_tf.layers.base_operation import BaseOperation
from snas_tf.layers.normalization import batch_normalize


class Convolution(BaseOperation):
    """5 x 5 convolution and normalization, on all edges of a cell, which has the ReLU."""

    def __init__(self, count, channels, affine=False, **kwargs):
        super().__init__(count, channels, affine, **kwargs)
        self.add_kernel("kernel", (5, 5, channels, channels), fan_in=25 * channels)
        self.add_normalization(channels)

    @classmethod
    def apply(cls, x, weights, stride, scale=None, training=False):
        """Run one edge with its share of the weights."""
        x = tf.nn.conv2d(x, weights["kernel"], stride, [[0, 0], [2, 2], [2, 2], [0, 0]])
        return batch_normalize(x, weights, scale, training)


def _cost(channels, stride, size):
    size = tuple(-(-side // stride) for side in size)  # of the output
    return cost.convolution(25, channels, channels, size) + cost.normalization(channels)


CONV = snas_tf.operations.OperationSpec("conv_5x5", "dense", "conv 5x5", _cost, Convolution)
snas_tf.operations.register(CONV)
if __name__ == "__main__":
    candidates = "none", "skip_connect", "conv_5x5"
    config = snas_tf.SearchConfig(3, 4, epochs=1, operations=candidates, num_nodes=2)
    run = {"model_dir": "runs/new_operation", "data": snas_tf.DataConfig("digits")}
    found = snas_tf.search(config=config, **run)
    print(*found.genotype.cell("normal").edges, sep="\n")
