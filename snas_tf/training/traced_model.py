"""How the models that train are run by Keras."""

from collections.abc import Callable, Iterator, Mapping

import keras
import tensorflow as tf

Batch = Mapping[str, tf.Tensor]


class TracedModel(keras.Model):
    """A Keras model whose training step is one traced function.

    Keras makes two, the step's inside that of `fit`. For TensorFlow to make the step ready inside
    another function takes it two seconds longer where the model is the paper's parent.
    """

    def make_train_function(self, force: bool = False) -> Callable:
        """What `fit` runs a step with."""
        if self.train_function is None or force:
            strategy = self.distribute_strategy

            @tf.function(autograph=False)
            def train_function(batches: Iterator[Batch]) -> dict[str, tf.Tensor]:
                results = strategy.run(self.train_step, (next(batches),))
                # Means over all replicas, so any replica's will do.
                return tf.nest.map_structure(
                    lambda result: strategy.experimental_local_results(result)[0], results
                )

            self.train_function = train_function
        return self.train_function
