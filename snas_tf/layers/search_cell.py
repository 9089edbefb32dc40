"""The cell of the parent network."""

import tensorflow as tf

from snas_tf.architecture import space
from snas_tf.layers import registry
from snas_tf.layers.base_cell import Cell
from snas_tf.layers.base_operation import Weights
from snas_tf.layers.mixed_operation import CONVOLUTIONS, POOLINGS, make_node, mix

_SOURCES = space.NUM_NODES - 1  # nothing leaves the last intermediate node
_STRIDED_EDGES = tuple(edge for edge in space.EDGES if edge[0] < space.NUM_INPUTS)


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
        self.poolings = {name: registry.create(name, _SOURCES, plan.channels) for name in POOLINGS}
        self.convolutions = {
            name: registry.create(name, len(space.EDGES), plan.channels) for name in CONVOLUTIONS
        }
        if plan.kind == "reduce":
            self.convolutions["skip_connect"] = registry.create(
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
        live = self._live(z)
        z = dict(zip(space.EDGES, tf.unstack(z), strict=True))
        values = [
            layer([x], training=training)[0]
            for layer, x in zip(self.preprocess, inputs, strict=True)
        ]
        nodes = []
        for target in space.INTERMEDIATE_NODES:
            for source in range(len(nodes), target):
                of_node = {name: weights[name][source] for name in POOLINGS}
                node, new = make_node(
                    values[source],
                    _any_live(live, source),
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

    def _live(self, z: tf.Tensor) -> dict[tuple[int, int], tf.Tensor | None]:
        """Which operations run, by edge: booleans [operations = 8], or None for all."""
        if not self.skip_threshold:
            return dict.fromkeys(space.EDGES)
        return dict(zip(space.EDGES, tf.unstack(z >= self.skip_threshold), strict=True))

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


def _any_live(live: dict[tuple[int, int], tf.Tensor | None], source: int) -> tf.Tensor | None:
    """Which operations run on any edge that leaves a node."""
    leaving = [live[edge] for edge in space.EDGES if edge[0] == source]
    return None if leaving[0] is None else tf.reduce_any(leaving, axis=0)


def _collect(into: dict[str, list[Weights]], statistics: dict[str, Weights]) -> None:
    for name, new in statistics.items():
        into[name].append(new)
