"""A child network for deployment."""

from typing import TYPE_CHECKING, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from snas_tf.layers.folded_cell import FoldedCell
from snas_tf.layers.normalization import EPSILON

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
        self._mean = child.mean.astype(np.float32)
        self._deviation = child.standard_deviation.astype(np.float32)
        self._stem = [_fold_chain(chain) for chain in child.stem]
        self._num_inputs = child.network_plan[0].num_inputs
        live = [np.ones(channels, bool) for channels in child.network_plan[0].input_channels]
        self._cells = []
        for layer in child.cells:
            self._cells.append(FoldedCell(layer, live[-self._num_inputs :]))
            live.append(self._cells[-1].live_outputs)
        self._needed = _needed(self._cells, self._num_inputs)
        kernel, bias = child.classify.kernel.numpy(), child.classify.bias.numpy()
        self._output: tuple[np.ndarray, np.ndarray] | None = None
        if child.normalize_output is not None:
            factor, offset = _factor_and_offset(child.normalize_output.layers[0])
            self._output = factor[live[-1]], offset[live[-1]]
            # A channel that is always zero is normalized to its offset.
            bias = bias + np.maximum(offset, 0)[~live[-1]] @ kernel[~live[-1]]
        self._kernel, self._bias = kernel[live[-1]], bias

    def __call__(self, images: tf.Tensor) -> tf.Tensor:
        """Logits [batch, classes] of images uint8 [batch, height, width, 3]."""
        x = (tf.cast(images, tf.float32) - self._mean) / self._deviation
        outputs = [x]
        for chain in self._stem:
            outputs.append(_run_chain(chain, outputs[-1]))
        inputs = (outputs[1], outputs[-1])[-self._num_inputs :]
        batch = tf.shape(images)[:1]
        for index, cell in enumerate(self._cells):
            inputs = (*inputs[1:], cell(inputs, batch) if index in self._needed else None)
        x = inputs[-1]
        if self._output is not None:
            factor, offset = self._output
            x = tf.nn.relu(x * factor + offset)
        return tf.reduce_mean(x, [1, 2]) @ self._kernel + self._bias


def _needed(cells: list[FoldedCell], num_inputs: int) -> set[int]:
    """Find the cells that affect the output of the last one."""
    needed = {len(cells) - 1}
    for index in reversed(range(len(cells))):
        if index in needed:
            needed |= {index - num_inputs + position for position in cells[index].inputs}
    return needed


class _StemConvolution(NamedTuple):
    """A stem's convolution with its normalization folded in."""

    rectified: bool
    kernel: np.ndarray
    offset: np.ndarray
    stride: int


def _fold_chain(chain: keras.Sequential) -> list[_StemConvolution]:
    folded, rectified = [], False
    for layer in chain.layers:
        if isinstance(layer, keras.layers.ReLU):
            rectified = True
        elif isinstance(layer, keras.layers.Conv2D):
            convolution = layer
        elif isinstance(layer, keras.layers.BatchNormalization):
            factor, offset = _factor_and_offset(layer)
            kernel = convolution.kernel.numpy() * factor
            folded.append(_StemConvolution(rectified, kernel, offset, convolution.strides[0]))
            rectified = False
    return folded


def _factor_and_offset(
    layer: keras.layers.BatchNormalization,
) -> tuple[np.ndarray, np.ndarray]:
    """What a normalization multiplies by and adds in evaluation, [channels] each."""
    factor = layer.gamma.numpy() / np.sqrt(layer.moving_variance.numpy() + EPSILON)
    return factor, layer.beta.numpy() - layer.moving_mean.numpy() * factor


def _run_chain(chain: list[_StemConvolution], x: tf.Tensor) -> tf.Tensor:
    for one in chain:
        x = tf.nn.relu(x) if one.rectified else x
        x = tf.nn.conv2d(x, one.kernel, one.stride, [[0, 0], [1, 1], [1, 1], [0, 0]]) + one.offset
    return x
