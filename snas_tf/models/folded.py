"""A child network made ready to be deployed."""

import numpy as np
import tensorflow as tf

from snas_tf.layers.folded_cell import FoldedCell
from snas_tf.layers.normalization import EPSILON
from snas_tf.models.child import ChildNetwork


class FoldedChild:
    """Computes what a child network computes in evaluation, from fewer and simpler operations.

    Normalisations are folded into the convolutions before them; dead nodes, and what reads their
    zeros, are left out (see `FoldedCell`), and so are cells that no other reads.

    Args:
        child: the network, whose weights are copied; they become constants of the graph.
    """

    def __init__(self, child: ChildNetwork) -> None:
        self._mean = child.mean.astype(np.float32)
        self._deviation = child.standard_deviation.astype(np.float32)
        self._stem, self._stem_offset = _fold_stem(child)
        live = [np.ones(channels, bool) for channels in child.plans[0].input_channels]
        self._cells = []
        for layer in child.cells:
            self._cells.append(FoldedCell(layer, (live[-2], live[-1])))
            live.append(self._cells[-1].live_outputs)
        self._needed = _needed(self._cells)
        self._kernel = child.classify.kernel.numpy()[live[-1]]
        self._bias = child.classify.bias.numpy()

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Logits [batch, classes] of images uint8 [batch, height, width, 3]."""
        x = (tf.cast(images, tf.float32) - self._mean) / self._deviation
        before = x = tf.nn.conv2d(x, self._stem, 1, "SAME") + self._stem_offset
        batch = tf.shape(images)[:1]
        for index, cell in enumerate(self._cells):
            before, x = x, cell((before, x), batch) if index in self._needed else None
        return tf.reduce_mean(x, [1, 2]) @ self._kernel + self._bias


def _needed(cells: list[FoldedCell]) -> set[int]:
    """The cells on a way to the last one's output."""
    needed = {len(cells) - 1}
    for index in reversed(range(len(cells))):
        if index in needed:
            needed |= {index - 2 + position for position in cells[index].inputs}
    return needed


def _fold_stem(child: ChildNetwork) -> tuple[np.ndarray, np.ndarray]:
    convolution, normalization = child.stem.layers
    factor = normalization.gamma.numpy() / np.sqrt(normalization.moving_variance.numpy() + EPSILON)
    offset = normalization.beta.numpy() - normalization.moving_mean.numpy() * factor
    return convolution.kernel.numpy() * factor, offset
