"""The noise of RobustDARTS' space S4: snas --plugin=examples/noise.py --operations=NAMES

with NAMES = noise,sep_conv_3x3, as in presets/robustdarts_s4.flags. A good cell has no noise (Zela
et al., 2020, Section 3).
"""

import tensorflow as tf

import snas_tf
from snas_tf.architecture.cost import Cost
from snas_tf.layers.base_operation import BaseOperation


class Noise(BaseOperation):
    """Standard normal noise in place of the input.

    The noise is a function of the input's greatest number and of the edge, so that a resumed search
    draws the same noise.
    """

    def __init__(self, count, channels, affine=False, **kwargs):
        super().__init__(count, channels, affine, **kwargs)
        numbers = lambda shape, dtype: tf.range(1, count + 1, dtype=dtype)  # noqa: E731
        self.stacks["number"] = self.add_weight(
            name="number", shape=(count,), initializer=numbers, trainable=False
        )

    @classmethod
    def apply(cls, x, weights, stride, scale=None, training=False):
        """See `BaseOperation.apply`."""
        x = x[:, ::stride, ::stride]
        seed = tf.bitcast(tf.stack([tf.reduce_max(x), weights["number"]]), tf.int32)
        noise = tf.random.stateless_normal(tf.shape(x), seed)
        return (noise if scale is None else noise * scale), {}


NOISE = snas_tf.operations.OperationSpec("noise", "noise", "noise", lambda *_: Cost(), Noise)
snas_tf.operations.register(NOISE)
