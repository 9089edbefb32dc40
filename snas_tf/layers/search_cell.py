"""The cell of the parent network."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from snas_tf.architecture import spaces
from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.operations import SKIP, ZERO, OperationSpec
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.layers import placement
from snas_tf.layers.base_cell import BaseCell
from snas_tf.layers.base_operation import BaseOperation, Weights
from snas_tf.layers.mixed_operation import Node, make_node, mix
from snas_tf.layers.registry import create_layer, layer_class


class SearchCell(BaseCell):
    """Cell with all operations on all edges, weighted by Z (Eq. 1, 2; Appendix G.1).

    Normalizations have no scale and offset; the
    last one of a branch is scaled by the branch's z instead. A branch whose z is so small that it
    changes nothing in float32 does not run, and its moving statistics stay.

    Args:
        plan: the cell's place in the network: kind, channels, sizes.
        space: edges and operations.
        skip_threshold: branches whose z is smaller do not run; 0 for none.

    Raises:
        ValueError: skip_threshold is not in [0, 1).
    """

    def __init__(
        self,
        plan: CellPlan,
        space: SearchSpace = spaces.DARTS,
        skip_threshold: float = 1e-6,
        **kwargs: object,
    ) -> None:
        super().__init__(plan, affine=False, **kwargs)
        if not 0 <= skip_threshold < 1:
            raise ValueError(f"skip_threshold must be in [0, 1), received: {skip_threshold}")
        self.space = space
        self.skip_threshold = skip_threshold
        layered = [one for one in space.candidates if one.name not in (ZERO, SKIP)]
        per_node = [one for one in layered if layer_class(one).per_node]
        per_edge = [one for one in layered if not layer_class(one).per_node]
        # Nothing leaves the last node.
        self.poolings = self._create_layers(per_node, space.intermediate_nodes[-1])
        self.convolutions = self._create_layers(per_edge, len(space.edges))
        self._strided_edges = [edge for edge in space.edges if plan.stride(edge[0]) == 2]
        if self._strided_edges and SKIP in space.operations:
            skip = [space.operation(SKIP)]
            self.convolutions |= self._create_layers(skip, len(self._strided_edges))

    def _create_layers(
        self, operations: Sequence[OperationSpec], count: int
    ) -> dict[str, BaseOperation]:
        return {
            one.name: create_layer(one, count, self.plan.channels, dtype=self.dtype_policy)
            for one in operations
        }

    def call(self, inputs: Sequence[tf.Tensor], z: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Run the cell.

        Args:
            inputs: as many outputs of earlier cells, [batch, height, width, channels] each.
            z: the draw [edges, operations], float32.
            training: normalize with the batch's statistics, and move the moving ones.

        Returns:
            [batch, height, width, concatenated nodes x channels]; half the height and width in a
            reduction cell.
        """
        space, plan = self.space, self.plan
        weights = {
            name: layer.unstack(self.compute_dtype)
            for name, layer in (self.poolings | self.convolutions).items()
        }
        statistics: dict[str, list[Weights]] = {name: [] for name in weights}
        live = self._find_live(z)
        z = dict(zip(space.edges, tf.unstack(z), strict=True))
        values = self.prepare_inputs(inputs, training)
        nodes: list[Node] = []
        for target in space.intermediate_nodes:
            for source in range(len(nodes), target):
                node, new = make_node(
                    values[source],
                    self._any_live(live, source),
                    space.candidates,
                    {name: weights[name][source] for name in self.poolings},
                    plan.stride(source),
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
                    space.candidates,
                    self._select_weights(weights, edge),
                    plan.stride(source),
                    training,
                )
                contributions.append(x)
                _collect(statistics, new)
            values.append(tf.add_n(contributions))
        if training:
            for name, layer in (self.poolings | self.convolutions).items():
                layer.assign(statistics[name])
        return tf.concat([values[node] for node in space.concat], axis=-1)

    def _find_live(self, z: tf.Tensor) -> dict[tuple[int, int], tf.Tensor | None]:
        """Find the operations that run, by edge: booleans [operations], or None for all."""
        if not self.skip_threshold:
            return dict.fromkeys(self.space.edges)
        with placement.on_host():
            return dict(zip(self.space.edges, tf.unstack(z >= self.skip_threshold), strict=True))

    def _any_live(
        self, live: dict[tuple[int, int], tf.Tensor | None], source: int
    ) -> tf.Tensor | None:
        """Find the operations that run on any edge that leaves a node."""
        leaving = [live[edge] for edge in self.space.edges if edge[0] == source]
        with placement.on_host():
            return None if leaving[0] is None else tf.reduce_any(leaving, axis=0)

    def _select_weights(
        self, weights: dict[str, list[Weights]], edge: tuple[int, int]
    ) -> dict[str, Weights]:
        """Select the weights of the operations on an edge."""
        return {
            name: weights[name][self._edges_with(name).index(edge)]
            for name in self.convolutions
            if edge in self._edges_with(name)
        }

    def _edges_with(self, name: str) -> list[tuple[int, int]]:
        """The edges on which an operation has weights of its own."""
        return self._strided_edges if name == SKIP else list(self.space.edges)

    def edge_weights(self, source: int, target: int, name: str) -> Weights:
        """The weights of one operation on one edge, by name."""
        if name in self.poolings:
            return self.poolings[name].unstack()[source]
        return self.convolutions[name].unstack()[self._edges_with(name).index((source, target))]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the space by its name."""
        own = {"space": self.space.name, "skip_threshold": self.skip_threshold}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SearchCell":
        """Rebuild the plan from its dict, and find the space."""
        plan, space = CellPlan.from_config(config["plan"]), spaces.get(config["space"])
        return cls(**{**config, "plan": plan, "space": space})


def _collect(into: dict[str, list[Weights]], statistics: dict[str, Weights]) -> None:
    for name, new in statistics.items():
        into[name].append(new)
