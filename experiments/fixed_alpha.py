"""Training of theta with fixed alpha, to measure the gradient of log alpha."""

import tensorflow as tf

from snas_tf.algorithms.algorithm import TRAINING
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.algorithms.snas import SNAS
from snas_tf.data import memory_collection
from snas_tf.data.batches import BatchConfig
from snas_tf.models.description import NetworkDescription
from snas_tf.training import optimizers


def make(config, data_config, num_steps, seed):
    """Make a search's model, and the function that makes its batches.

    Args:
        config: a `SearchConfig`.
        data_config: the images.
        num_steps: length of the schedules.
        seed: seed of everything.

    Returns:
        The model, and a function of a first step and a number of steps.
    """
    dataset = memory_collection.read(data_config).split(seed)
    size = dataset.image_size
    description = NetworkDescription(
        config.num_cells, config.init_channels, size, dataset.class_names, (120,) * 3, (60,) * 3
    )
    model = SearchModel(SNAS(description.make_parent(), config, num_steps, seed))
    batch_config = BatchConfig.from_config(data_config, seed)
    return model, lambda first, steps: iter(dataset.training_batches(batch_config, first, steps))


@tf.function(autograph=False)
def step(algorithm, batch, temperature):
    """Update theta.

    Returns:
        The loss, and by name arrays [kinds, edges, operations]: "z" is the draw, "credit" the
        loss's gradient with respect to it, "gradient" that with respect to log alpha, before
        clipping and without the penalty's.
    """
    kinds = algorithm.space.kinds
    alpha = [variable.value for variable in algorithm.alpha]
    with tf.GradientTape() as tape:
        seed = algorithm.make_seed(TRAINING, 0, algorithm.step.value)
        draws = algorithm.distribution.draw(temperature, seed).z
        logits = algorithm.network(batch["image"], draws, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
        loss = tf.reduce_mean(losses)
    z = [draws[kind] for kind in kinds]
    theta = [variable.value for variable in algorithm.theta]
    gradients, credits, of_alpha = tape.gradient(loss, (theta, z, alpha))
    optimizers.apply_across_replicas(
        algorithm.theta_optimizer,
        gradients,
        algorithm.theta,
        algorithm.config.theta_clip_norm,
        algorithm.config.theta_weight_decay,
    )
    algorithm.step.assign_add(1)  # names the draw
    return loss, {"z": tf.stack(z), "credit": tf.stack(credits), "gradient": tf.stack(of_alpha)}
