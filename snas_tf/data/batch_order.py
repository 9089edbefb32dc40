"""The order in which training batches take the images."""

import tensorflow as tf

from snas_tf.data import seeds


def shuffled_steps(
    count: int, batch_size: int, seed: int, first_step: int, num_steps: int
) -> tf.data.Dataset:
    """Draw which images the steps `first_step` to `first_step + num_steps - 1` take.

    Every epoch takes each image at most once, in a new order. What step N takes depends on `seed`
    and N alone.

    Args:
        count: the number of training images.
        batch_size: images a step.
        seed: seed of the orders.
        first_step: counted from 0 at the start of the run.
        num_steps: the number of steps.

    Returns:
        Pairs of the step, int64 [], and positions, int64 [batch].
    """
    epoch_steps = count // batch_size
    first_epoch, done = divmod(first_step, epoch_steps)
    last_epoch = (first_step + num_steps - 1) // epoch_steps

    def order(epoch: tf.Tensor) -> tf.data.Dataset:
        # Not `index_shuffle`: on 45,000 images the orders of neighboring epochs are alike.
        shuffled = tf.random.experimental.stateless_shuffle(
            tf.range(count, dtype=tf.int64), seeds.make_seed(seed, seeds.ORDER, epoch)
        )
        full = shuffled[: epoch_steps * batch_size]
        return tf.data.Dataset.from_tensor_slices(tf.reshape(full, [-1, batch_size]))

    indices = tf.data.Dataset.range(first_epoch, last_epoch + 1).flat_map(order)
    return indices.skip(done).take(num_steps).enumerate(start=first_step)
