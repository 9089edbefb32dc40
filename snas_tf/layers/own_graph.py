"""Custom gradients in a graph of their own."""

import tensorflow as tf

own_graph = tf.function(autograph=False)
"""Decorate a function with a custom gradient, so that it is traced once for a shape.

TensorFlow keeps the graph that has a custom gradient for as long as the process lives: then it is
the small one of this function, and not that of a whole training step.
"""
