"""The stem and the classifier of a network, for deployment."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from snas_tf.layers.normalization import EPSILON
from snas_tf.models.network import CellNetwork


class FoldedStem:
    """Stem in evaluation, from images to the inputs of the first cell.

    Args:
        network: the network, whose weights are copied.
    """

    def __init__(self, network: CellNetwork) -> None:
        self._mean = network.mean.astype(np.float32)
        self._deviation = network.standard_deviation.astype(np.float32)
        self._chains = [_fold_chain(chain) for chain in network.stem]
        self._num_inputs = network.network_plan[0].num_inputs

    def __call__(self, images: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """The inputs of the first cell, from images uint8 [batch, height, width, 3]."""
        outputs = [(tf.cast(images, tf.float32) - self._mean) / self._deviation]
        for chain in self._chains:
            outputs.append(_run_chain(chain, outputs[-1]))
        return (outputs[1], outputs[-1])[-self._num_inputs :]


class FoldedClassifier:
    """Global average and dense layer in evaluation, and the normalization before it, if any.

    Args:
        network: the network, whose weights are copied.
        live: which channels [channels] of the last cell's output are handed over; the others are
            always zero.
    """

    def __init__(self, network: CellNetwork, live: np.ndarray) -> None:
        kernel, bias = network.classify.kernel.numpy(), network.classify.bias.numpy()
        self._normalization: tuple[np.ndarray, np.ndarray] | None = None
        if network.normalize_output is not None:
            factor, offset = _factor_and_offset(network.normalize_output.layers[0])
            self._normalization = factor[live], offset[live]
            # A channel that is always zero is normalized to its offset.
            bias = bias + np.maximum(offset, 0)[~live] @ kernel[~live]
        self._kernel, self._bias = kernel[live], bias

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Logits [batch, classes] of the live channels [batch, height, width, channels]."""
        if self._normalization is not None:
            factor, offset = self._normalization
            x = tf.nn.relu(x * factor + offset)
        return tf.reduce_mean(x, [1, 2]) @ self._kernel + self._bias


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
