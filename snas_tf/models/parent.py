"""The parent network: all children at once, weighted by Z."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from snas_tf.layers import placement
from snas_tf.layers.normalization import average_statistics
from snas_tf.layers.search_cell import SearchCell
from snas_tf.models.network import CellNetwork


class ParentNetwork(CellNetwork):
    """A network of search cells.

    Args:
        args, kwargs: those of `CellNetwork`.
        skip_threshold: see `SearchCell`.
    """

    def __init__(self, *args: Any, skip_threshold: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cells = [
            SearchCell(
                plan,
                self.network_plan.space,
                skip_threshold,
                name=f"cell_{plan.index}",
                dtype=self.policy,
            )
            for plan in self.network_plan
        ]

    def call(
        self, images: tf.Tensor, z: Mapping[str, tf.Tensor], training: bool = False
    ) -> tf.Tensor:
        """Logits [batch, classes].

        Args:
            images: uint8 [batch, height, width, 3].
            z: for each kind of cell, the draw [edges, operations].
            training: normalize with the batch's statistics.
        """
        logits = self.compute_logits(images, z, training)
        if training:
            average_statistics(self)
        return logits

    def compute_logits(
        self, images: tf.Tensor, z: Mapping[str, tf.Tensor], training: bool
    ) -> tf.Tensor:
        """Compute what `call` returns; each replica keeps its own moving statistics."""
        inputs = self.stem_outputs(_spare_analysis(images), training)
        for cell in self.cells:
            inputs = (*inputs[1:], cell(inputs, z[cell.plan.kind], training=training))
        return self.classify_features(inputs[-1], training)


def _spare_analysis(x: tf.Tensor) -> tf.Tensor:
    """Return x, computed after a reference variable, which makes the start faster.

    Before TensorFlow runs a graph, it visits every function at each of its calls, to find reference
    variables, which XLA does not support. It does not visit what is computed after a known one,
    which saves five seconds at the start of the paper's search. XLA knows no such variables.
    """
    if tf.executing_eagerly() or placement.is_compiled():
        return x
    # Networks that run at once, as with several draws a step, must not share a variable.
    name = tf.compat.v1.get_default_graph().unique_name("reference")
    known = tf.raw_ops.TemporaryVariable(shape=[], dtype=tf.float32, var_name=name)
    with tf.control_dependencies([tf.raw_ops.DestroyTemporaryVariable(ref=known, var_name=name)]):
        return tf.identity(x)
