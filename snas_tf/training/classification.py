"""What is measured of logits."""

import tensorflow as tf

MEASURES = ("cross_entropy", "accuracy")
"""Names of what `measure_examples` returns."""


def measure_examples(labels: tf.Tensor, logits: tf.Tensor) -> dict[str, tf.Tensor]:
    """Measure each example, [batch] by name of `MEASURES`.

    Args:
        labels: integers [batch].
        logits: [batch, classes].

    Returns:
        The cross entropy in nats, and whether the most probable class is the label.
    """
    return {
        "cross_entropy": tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits),
        "accuracy": tf.equal(tf.argmax(logits, axis=-1), tf.cast(labels, tf.int64)),
    }
