"""Batch normalization as a function of its variables, and as a layer."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from snas_tf.layers import placement, replicas
from snas_tf.layers.own_graph import own_graph

EPSILON = 1e-5
MOMENTUM = 0.9
"""Of the moving statistics. Both are the recipes' values; those of Keras differ."""

NORMALIZATION = ("mean", "variance", "gamma", "beta")
"""The weights of a normalization, by name; the last two where they are learned."""


def batch_normalize(
    x: tf.Tensor,
    weights: dict[str, tf.Tensor],
    scale: tf.Tensor | None,
    training: bool,
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Normalize each channel of x [batch, height, width, channels].

    A value z given as `scale` multiplies the normalized map inside the fused kernel, so the product
    and its gradient with respect to z cost nothing extra.

    Args:
        x: the feature map.
        weights: "mean" and "variance", the moving statistics, and, where they are learned,
            "gamma" and "beta", [channels] each. Or "offset", where the rest has been folded into
            a kernel, and "factor", where there was none to fold it into.
        scale: factors [channels] of the result besides gamma; None for 1.
        training: use the batch's statistics, and move the moving ones toward them.

    Returns:
        The normalized map, and the new "mean" and "variance"; none if folded.
    """
    if "offset" in weights:
        return x * weights.get("factor", 1.0) + weights["offset"], {}
    factor = tf.ones_like(weights["mean"]) if scale is None else scale
    offset = tf.zeros_like(factor)
    if "gamma" in weights:
        factor, offset = weights["gamma"] * factor, weights["beta"] * factor
    statistics = weights["mean"], weights["variance"]
    in_float32 = placement.uses_cpu_kernels() and _is_slow(x)
    if in_float32 and training:
        y, mean, variance = _train_in_float32(x, factor, offset, *statistics)
    else:
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            tf.cast(x, tf.float32) if in_float32 else x,
            factor,
            offset,
            *statistics,
            epsilon=EPSILON,
            is_training=training,
            exponential_avg_factor=1.0 - MOMENTUM if training else 1.0,
        )
    return tf.cast(y, x.dtype), {"mean": mean, "variance": variance}


def _is_slow(x: tf.Tensor) -> bool:
    """Whether oneDNN's normalization of x is slower than that of float32, casts included."""
    return x.dtype == tf.float16 or (x.dtype == tf.bfloat16 and x.shape[-1] % 16 != 0)


@own_graph
@tf.custom_gradient
def _train_in_float32(
    x: tf.Tensor, factor: tf.Tensor, offset: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor
) -> tuple[tuple[tf.Tensor, ...], Callable]:
    """Normalize x to a map in float32; the gradient keeps x in its own type."""
    y, mean, variance, *batch_statistics = tf.raw_ops.FusedBatchNormV3(
        x=tf.cast(x, tf.float32),
        scale=factor,
        offset=offset,
        mean=mean,
        variance=variance,
        epsilon=EPSILON,
        exponential_avg_factor=1.0 - MOMENTUM,
    )

    def gradient(upstream: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor | None, ...]:
        of_x, of_factor, of_offset, *_ = tf.raw_ops.FusedBatchNormGradV3(
            y_backprop=upstream,
            x=tf.cast(x, tf.float32),
            scale=factor,
            **{f"reserve_space_{i}": one for i, one in enumerate(batch_statistics, 1)},
            epsilon=EPSILON,
        )
        return tf.cast(of_x, x.dtype), of_factor, of_offset, None, None

    return (y, mean, variance), gradient


def fold(weights: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Compute the "factor" and "offset" [..., channels] of a normalization in evaluation."""
    factor = tf.math.rsqrt(weights["variance"] + EPSILON) * weights.get("gamma", 1.0)
    return {"factor": factor, "offset": weights.get("beta", 0.0) - weights["mean"] * factor}


def average_statistics(network: keras.Model) -> None:
    """Give the replicas of a network the mean of their moving statistics, communicated at once.

    A network calls this at the end of a forward pass in training, in which each replica has moved
    its own toward those of its images.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return
    statistics = [one for one in network.non_trainable_variables if one.dtype == "float32"]
    means = replicas.average([one.value for one in statistics])
    for one, mean in zip(statistics, means, strict=True):
        one.assign(mean)


@keras.saving.register_keras_serializable("snas_tf")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer with the paper's momentum and epsilon."""

    def __init__(self, momentum: float = MOMENTUM, epsilon: float = EPSILON, **kwargs: Any) -> None:
        super().__init__(momentum=momentum, epsilon=epsilon, **kwargs)
