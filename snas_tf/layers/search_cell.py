"""The cell of the parent network."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from snas_tf.architecture import space
from snas_tf.layers import operations
from snas_tf.layers.cell import Cell
from snas_tf.layers.operation import Weights

POOLINGS = ("max_pool_3x3", "avg_pool_3x3")
CONVOLUTIONS = ("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5")
# Run once more in the backward pass, in place of keeping their maps: a third of all memory, for 5 %
# of the step's time.
_RECOMPUTED = ("dil_conv_3x3", "dil_conv_5x5")
_SOURCES = space.NUM_NODES - 1  # nothing leaves the last intermediate node
_STRIDED_EDGES = tuple(edge for edge in space.EDGES if edge[0] < space.NUM_INPUTS)


class Node(NamedTuple):
    """What all edges that leave a node share, so it is computed once.

    Attributes:
        x: the node's value [batch, height, width, channels].
        rectified: ReLU(x), where every convolution starts.
        pooled: by operation, x pooled at the stride of those edges and normalised. A normalisation
            without scale and offset makes it the same for all of them.
    """

    x: tf.Tensor
    rectified: tf.Tensor
    pooled: dict[str, tf.Tensor]


# The two functions below recur all over the network. TensorFlow traces and compiles each once for
# every shape, and calls it from then on ("_noinline"): that, not the number of edges, then decides
# how long the program takes to start.
_shared = tf.function(autograph=False, experimental_attributes={"_noinline": True})


@_shared
def make_node(
    x: tf.Tensor, live: tf.Tensor, weights: dict[str, Weights], stride: int, training: bool
) -> tuple[Node, dict[str, Weights]]:
    """Computes what the edges that leave a node share.

    Args:
        x: the node's value [batch, height, width, channels].
        live: which operations run on any of those edges, booleans [operations = 8].
        weights: the node's, for each pooling.
        stride: of the edges that leave the node.
        training: normalise with the batch's statistics.

    Returns:
        The node, and the new moving statistics of each pooling.
    """
    live = _by_operation(live)
    nothing = tf.zeros_like(x[:, ::stride, ::stride])
    pooled, statistics = {}, {}
    for name in POOLINGS:
        pool = functools.partial(
            operations.class_of(name).apply, x, weights[name], stride, training=training
        )
        pooled[name], statistics[name] = tf.cond(
            live[name], pool, lambda name=name: (nothing, _statistics(weights[name]))
        )
    return Node(x, tf.nn.relu(x), pooled), statistics


@_shared
def mix(
    node: Node,
    z: tf.Tensor,
    live: tf.Tensor,
    weights: dict[str, Weights],
    stride: int,
    training: bool,
) -> tuple[tf.Tensor, dict[str, Weights]]:
    """Z_ij . O_ij(x_i): what one edge contributes to its target (Eq. 2).

    Args:
        node: the source.
        z: the edge's row of the draw [operations = 8].
        live: which operations run, booleans [operations = 8]; the others have a z of about 0.
        weights: the edge's, for each operation that has any.
        stride: 1 or 2.
        training: normalise with the batch's statistics.

    Returns:
        The sum over the operations [batch, height, width, channels], to which `none` adds nothing,
        and the new moving statistics of each operation.
    """
    z, live = _by_operation(z), _by_operation(live)
    total = tf.zeros_like(node.pooled[POOLINGS[0]])
    ready = dict(node.pooled)
    if stride == 1:
        ready["skip_connect"] = node.x
    for name, x in ready.items():
        total, _, _ = _add_live(live[name], total, x, {}, lambda x, scale=z[name]: (scale * x, {}))
    x, statistics = node.rectified, {}
    for name in weights:
        weighed = functools.partial(_weigh, name, z[name], weights[name], stride, training)
        total, x, statistics[name] = _add_live(
            live[name], total, x, _statistics(weights[name]), weighed
        )
    return total, statistics


def _add_live(
    live: tf.Tensor,
    total: tf.Tensor,
    x: tf.Tensor,
    statistics: Weights,
    weighed: Callable[[tf.Tensor], tuple[tf.Tensor, Weights]],
) -> tuple[tf.Tensor, tf.Tensor, Weights]:
    """Adds Z_ij^k . O_ij^k(x) to the total if the operation is live; if not, it does not run.

    Returns:
        The total, x and the new moving statistics. x passes through unchanged, because then its
        gradient does too: an operation that does not run adds nothing to it, not a map of zeros.
    """

    def run() -> tuple[tf.Tensor, tf.Tensor, Weights]:
        term, new = weighed(x)
        return total + term, x, new

    return tf.cond(live, run, lambda: (total, x, statistics))


def _weigh(
    name: str, z: tf.Tensor, weights: Weights, stride: int, training: bool, x: tf.Tensor
) -> tuple[tf.Tensor, Weights]:
    """Z_ij^k . O_ij^k(x), and the new moving statistics: z scales the last normalisation."""

    def apply(x: tf.Tensor, z: tf.Tensor, weights: Weights) -> tuple[tf.Tensor, Weights]:
        scale = tf.fill([x.shape[-1]], z)
        return operations.class_of(name).apply(x, weights, stride, scale, training)

    if name not in _RECOMPUTED:
        return apply(x, z, weights)
    # Its gradient must find the arguments inside the branch of `tf.cond`: hence the copies.
    inside = tf.nest.map_structure(tf.identity, (x, z, weights))
    return tf.recompute_grad(apply)(*inside)


def _by_operation(row: tf.Tensor) -> dict[str, tf.Tensor]:
    return dict(zip(space.OPERATIONS, tf.unstack(row), strict=True))


def _statistics(weights: Weights) -> Weights:
    return {name: weights[name] for name in ("mean", "variance")}


class SearchCell(Cell):
    """All 8 operations on all 14 edges, weighed by Z (Eq. 1, 2; Appendix G.1).

    The output concatenates the four intermediate nodes. Normalisations have no scale and offset;
    the last one of a branch is scaled by the branch's z instead. A branch whose z is so small that
    it changes nothing in float32 does not run, and its moving statistics stay.

    Args:
        plan: the cell's place in the network: kind, channels, sizes.
        skip_threshold: branches whose z is smaller do not run; 0 for none.

    Raises:
        ValueError: skip_threshold is not in [0, 1).
    """

    def __init__(
        self, plan: space.CellPlan, skip_threshold: float = 1e-6, **kwargs: object
    ) -> None:
        super().__init__(plan, affine=False, **kwargs)
        if not 0 <= skip_threshold < 1:
            raise ValueError(f"skip_threshold must be in [0, 1), received: {skip_threshold}")
        self.skip_threshold = skip_threshold
        self.poolings = {
            name: operations.create(name, _SOURCES, plan.channels) for name in POOLINGS
        }
        self.convolutions = {
            name: operations.create(name, len(space.EDGES), plan.channels) for name in CONVOLUTIONS
        }
        if plan.kind == "reduce":
            self.convolutions["skip_connect"] = operations.create(
                "skip_connect", len(_STRIDED_EDGES), plan.channels
            )

    def call(
        self, inputs: tuple[tf.Tensor, tf.Tensor], z: tf.Tensor, training: bool = False
    ) -> tf.Tensor:
        """Runs the cell.

        Args:
            inputs: outputs of cells k-2 and k-1, [batch, height, width, channels] each.
            z: the draw [edges = 14, operations = 8].
            training: normalise with the batch's statistics, and move the moving ones.

        Returns:
            [batch, height, width, 4 x channels]; half the height and width in a reduction cell.
        """
        weights = {
            name: layer.unstack() for name, layer in (self.poolings | self.convolutions).items()
        }
        statistics = {name: [] for name in weights}
        live = dict(zip(space.EDGES, tf.unstack(z >= self.skip_threshold), strict=True))
        z = dict(zip(space.EDGES, tf.unstack(z), strict=True))
        values = [
            layer([x], training=training)[0]
            for layer, x in zip(self.preprocess, inputs, strict=True)
        ]
        nodes = []
        for target in space.INTERMEDIATE_NODES:
            for source in range(len(nodes), target):
                of_node = {name: weights[name][source] for name in POOLINGS}
                leaving = [live[edge] for edge in space.EDGES if edge[0] == source]
                node, new = make_node(
                    values[source],
                    tf.reduce_any(leaving, axis=0),
                    of_node,
                    self.plan.stride(source),
                    training,
                )
                nodes.append(node)
                _collect(statistics, new)
            contributions = []
            for source, node in enumerate(nodes):
                edge = (source, target)
                x, new = mix(
                    node,
                    z[edge],
                    live[edge],
                    self._of_edge(weights, edge),
                    self.plan.stride(source),
                    training,
                )
                contributions.append(x)
                _collect(statistics, new)
            values.append(tf.add_n(contributions))
        if training:
            for name, layer in (self.poolings | self.convolutions).items():
                layer.assign(statistics[name])
        return tf.concat(values[space.NUM_INPUTS :], axis=-1)

    def _of_edge(
        self, weights: dict[str, list[Weights]], edge: tuple[int, int]
    ) -> dict[str, Weights]:
        of_edge = {name: weights[name][space.EDGES.index(edge)] for name in CONVOLUTIONS}
        if self.plan.stride(edge[0]) == 2:
            of_edge["skip_connect"] = weights["skip_connect"][_STRIDED_EDGES.index(edge)]
        return of_edge

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "skip_threshold": self.skip_threshold}

    def weights_of(self, source: int, target: int, name: str) -> Weights:
        """The weights of one operation on one edge, by name."""
        if name in POOLINGS:
            return self.poolings[name].unstack()[source]
        edges = space.EDGES if name in CONVOLUTIONS else _STRIDED_EDGES
        return self.convolutions[name].unstack()[edges.index((source, target))]


def _collect(into: dict[str, list[Weights]], statistics: dict[str, Weights]) -> None:
    for name, new in statistics.items():
        into[name].append(new)
