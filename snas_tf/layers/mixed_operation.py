"""The mixed operation of an edge: all candidates, weighted by a row of Z."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from snas_tf.architecture.operations import SKIP, OperationSpec
from snas_tf.layers import placement
from snas_tf.layers.base_operation import Weights
from snas_tf.layers.registry import layer_class


class Node(NamedTuple):
    """Values that all edges that leave a node share.

    Attributes:
        x: the node's value [batch, height, width, channels].
        rectified: ReLU(x), where every convolution starts.
        pooled: by operation, x pooled at the stride of those edges and normalized. A normalization
            without scale and offset makes it the same for all of them.
    """

    x: tf.Tensor
    rectified: tf.Tensor
    pooled: dict[str, tf.Tensor]


def _shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """Trace a function that all edges use once for every shape.

    TensorFlow compiles it once too, as its calls are not inlined ("_noinline"). So the time to
    start depends on the number of shapes, not on the number of edges. XLA gets the plain function:
    it would take what enters a traced one for constants, and compile every step anew.
    """
    traced = tf.function(function, autograph=False, experimental_attributes={"_noinline": True})

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return (function if placement.is_compiled() else traced)(*arguments)

    return call


@_shared
def make_node(
    x: tf.Tensor,
    live: tf.Tensor | None,
    operations: tuple[OperationSpec, ...],
    weights: dict[str, Weights],
    stride: int,
    training: bool,
) -> tuple[Node, dict[str, Weights]]:
    """Compute what the edges that leave a node share.

    Args:
        x: the node's value [batch, height, width, channels].
        live: which operations run on any of those edges, booleans [operations]; None for all.
        operations: the candidates.
        weights: the node's, for each pooling.
        stride: stride of the edges that leave the node.
        training: normalize with the batch's statistics.

    Returns:
        The node, and the new moving statistics of each pooling.
    """
    live, specs = _live_by_name(operations, live), _specs(operations)
    nothing = tf.zeros_like(x[:, ::stride, ::stride])
    pooled, statistics = {}, {}
    for name in weights:
        pool = functools.partial(
            layer_class(specs[name]).apply, x, weights[name], stride, training=training
        )
        skip = functools.partial(_skip, nothing, weights[name])
        pooled[name], statistics[name] = _if_live(live[name], pool, skip)
    return Node(x, tf.nn.relu(x), pooled), statistics


@_shared
def mix(
    node: Node,
    z: tf.Tensor,
    live: tf.Tensor | None,
    operations: tuple[OperationSpec, ...],
    weights: dict[str, Weights],
    stride: int,
    training: bool,
) -> tuple[tf.Tensor, dict[str, Weights]]:
    """Compute the contribution of an edge to its target: Z_ij . O_ij(x_i) (Eq. 2).

    Args:
        node: the source.
        z: the edge's row of the draw [operations].
        live: which operations run, booleans [operations]; the others have a z of about 0. None
            for all.
        operations: the candidates.
        weights: the edge's, for each operation that has any.
        stride: 1 or 2.
        training: normalize with the batch's statistics.

    Returns:
        The sum over the operations [batch, height, width, channels], to which `none` adds nothing,
        and the new moving statistics of each operation.
    """
    z, live, specs = _by_name(operations, z), _live_by_name(operations, live), _specs(operations)
    ready = dict(node.pooled)
    total = tf.zeros_like(next(iter(ready.values()), node.x[:, ::stride, ::stride]))
    if stride == 1 and SKIP in z:
        ready[SKIP] = node.x
    for name, x in ready.items():
        total, _, _ = _add_live(live[name], total, x, {}, functools.partial(_scale, z[name]))
    x, statistics = node.rectified, {}
    for name in weights:
        weighed = functools.partial(_weigh, specs[name], z[name], weights[name], stride, training)
        total, x, statistics[name] = _add_live(
            live[name], total, x, _statistics(weights[name]), weighed
        )
    return total, statistics


def _add_live(
    live: tf.Tensor | None,
    total: tf.Tensor,
    x: tf.Tensor,
    statistics: Weights,
    weighed: Callable[[tf.Tensor], tuple[tf.Tensor, Weights]],
) -> tuple[tf.Tensor, tf.Tensor, Weights]:
    """Add Z_ij^k . O_ij^k(x) to the total if the operation is live; if not, it does not run.

    Returns:
        The total, x and the new moving statistics. x is returned unchanged, so that an
        operation that does not run adds nothing to its gradient, rather than a map of zeros.
    """

    def run() -> tuple[tf.Tensor, tf.Tensor, Weights]:
        term, new = weighed(x)
        return total + term, x, new

    return _if_live(live, run, lambda: (total, x, statistics))


def _scale(z: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, Weights]:
    """Scale x by Z_ij^k, for an operation without weights."""
    return tf.cast(z, x.dtype) * x, {}


def _skip(nothing: tf.Tensor, weights: Weights) -> tuple[tf.Tensor, Weights]:
    """Return nothing and unchanged statistics, for an operation that does not run."""
    return nothing, _statistics(weights)


def _if_live(live: tf.Tensor | None, run: Callable[[], Any], skip: Callable[[], Any]) -> Any:
    return run() if live is None else tf.cond(live, run, skip)


def _weigh(
    operation: OperationSpec,
    z: tf.Tensor,
    weights: Weights,
    stride: int,
    training: bool,
    x: tf.Tensor,
) -> tuple[tf.Tensor, Weights]:
    """Compute Z_ij^k . O_ij^k(x) and the new statistics; z scales the last normalization."""

    def apply(x: tf.Tensor, z: tf.Tensor, weights: Weights) -> tuple[tf.Tensor, Weights]:
        scale = tf.fill([x.shape[-1]], z)
        return layer_class(operation).apply(x, weights, stride, scale, training)

    if not layer_class(operation).recomputed:
        return apply(x, z, weights)
    # Copies, because the gradient must find the arguments inside the branch of a `tf.cond`.
    inside = tf.nest.map_structure(tf.identity, (x, z, weights))
    return tf.recompute_grad(apply)(*inside)


def _specs(operations: tuple[OperationSpec, ...]) -> dict[str, OperationSpec]:
    return {operation.name: operation for operation in operations}


def _by_name(
    operations: tuple[OperationSpec, ...], row: tf.Tensor | None
) -> dict[str, tf.Tensor | None]:
    if row is None:
        return dict.fromkeys(_specs(operations))
    return dict(zip(_specs(operations), tf.unstack(row), strict=True))


def _live_by_name(
    operations: tuple[OperationSpec, ...], live: tf.Tensor | None
) -> dict[str, tf.Tensor | None]:
    with placement.on_host():
        return _by_name(operations, live)


def _statistics(weights: Weights) -> Weights:
    return {name: weights[name] for name in ("mean", "variance") if name in weights}
