"""A child network for deployment."""

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from snas_tf.layers.folded_cell import FoldedCell
from snas_tf.models.folded_ends import FoldedClassifier, FoldedStem

if TYPE_CHECKING:
    from snas_tf.models.child import ChildNetwork


class FoldedChild:
    """Child network in evaluation, with folded normalizations and without dead nodes.

    Normalizations are folded into the convolutions before them; dead nodes and their
    edges are left out (see `FoldedCell`), and so are cells that no other cell reads.

    Args:
        child: the network, whose weights are copied; they become constants of the graph.
    """

    def __init__(self, child: "ChildNetwork") -> None:
        self._stem = FoldedStem(child)
        self._num_inputs = child.network_plan[0].num_inputs
        live = [np.ones(channels, bool) for channels in child.network_plan[0].input_channels]
        self._cells = []
        for layer in child.cells:
            self._cells.append(FoldedCell(layer, live[-self._num_inputs :]))
            live.append(self._cells[-1].live_outputs)
        self._needed = _needed(self._cells, self._num_inputs)
        self._classifier = FoldedClassifier(child, live[-1])

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Logits [batch, classes] of images uint8 [batch, height, width, 3]."""
        inputs = self._stem(images)
        batch = tf.shape(images)[:1]
        for index, cell in enumerate(self._cells):
            inputs = (*inputs[1:], cell(inputs, batch) if index in self._needed else None)
        return self._classifier(inputs[-1])


def _needed(cells: list[FoldedCell], num_inputs: int) -> set[int]:
    """Find the cells that affect the output of the last one."""
    needed = {len(cells) - 1}
    for index in reversed(range(len(cells))):
        if index in needed:
            needed |= {index - num_inputs + position for position in cells[index].inputs}
    return needed
