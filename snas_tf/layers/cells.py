"""The cell of the parent network."""

import dataclasses

import keras
import tensorflow as tf

from snas_tf.architecture import space
from snas_tf.layers.operations import (
    BoundOperation,
    FactorizedReduction,
    Operation,
    PointwiseConvolution,
    Pooling,
    SeparableConvolution,
)

_STRIDED_EDGES = tuple(edge for edge in space.EDGES if edge[0] < space.NUM_INPUTS)


@dataclasses.dataclass(frozen=True)
class _Node:
    """What all edges that leave a node share.

    Attributes:
        x: the node's value [batch, height, width, channels].
        rectified: ReLU(x), where every convolution starts.
        pooled: by operation, the normalised 3 x 3 poolings of x at the stride of those edges.
            A normalisation without scale and offset makes them equal for all edges.
    """

    x: tf.Tensor
    rectified: tf.Tensor
    pooled: dict[str, tf.Tensor]


class SearchCell(keras.layers.Layer):
    """All 8 operations on all 14 edges, weighed by Z (Eq. 1, 2; Appendix G.1).

    The output concatenates the four intermediate nodes. Normalisations have no scale and offset;
    the last one of a branch is scaled by the branch's z instead.

    Args:
        plan: the cell's place in the network: kind, channels, sizes.
    """

    def __init__(self, plan: space.CellPlan, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.plan = plan
        self.preprocess = [self._preprocess(position) for position in range(space.NUM_INPUTS)]
        self.convolutions = self._convolutions()
        sources = space.NUM_NODES - 1  # nothing leaves the last intermediate node
        self.poolings = {
            "max_pool_3x3": Pooling(sources, plan.channels, "max"),
            "avg_pool_3x3": Pooling(sources, plan.channels, "average"),
        }
        self.built = True

    def _preprocess(self, position: int) -> Operation:
        input_channels = self.plan.input_channels[position]
        if position == 0 and self.plan.follows_reduction:
            return FactorizedReduction(1, self.plan.channels, input_channels)
        return PointwiseConvolution(1, self.plan.channels, input_channels)

    def _convolutions(self) -> dict[str, Operation]:
        count, channels = len(space.EDGES), self.plan.channels
        convolutions = {
            "sep_conv_3x3": SeparableConvolution(count, channels, 3),
            "sep_conv_5x5": SeparableConvolution(count, channels, 5),
            "dil_conv_3x3": SeparableConvolution(count, channels, 3, dilation=2, repeats=1),
            "dil_conv_5x5": SeparableConvolution(count, channels, 5, dilation=2, repeats=1),
        }
        if self.plan.kind == "reduce":
            convolutions["skip_connect"] = FactorizedReduction(len(_STRIDED_EDGES), channels)
        return convolutions

    def call(
        self, inputs: tuple[tf.Tensor, tf.Tensor], z: tf.Tensor, training: bool = False
    ) -> tf.Tensor:
        """Runs the cell.

        Args:
            inputs: outputs of cells k-2 and k-1, [batch, height, width, channels] each.
            z: the draw [edges = 14, operations = 8].
            training: normalise with the batch's statistics and update the moving ones.

        Returns:
            [batch, height, width, 4 x channels]; half the height and width in a reduction cell.
        """
        layers = {**self.convolutions, **self.poolings}
        bound = {name: layer.bind(training) for name, layer in layers.items()}
        z = {edge: _by_operation(row) for edge, row in zip(space.EDGES, tf.unstack(z), strict=True)}
        nodes = [
            self._node(layer([x], training=training)[0], source, bound)
            for source, (layer, x) in enumerate(zip(self.preprocess, inputs, strict=True))
        ]
        for target in space.INTERMEDIATE_NODES:
            branches = [
                branch
                for source in range(target)
                for branch in self._branches((source, target), nodes[source], z, bound)
            ]
            nodes.append(self._node(tf.add_n(branches), target, bound))
        for operation in bound.values():
            operation.commit()
        return tf.concat([nodes[node].x for node in space.INTERMEDIATE_NODES], axis=-1)

    def _node(self, x: tf.Tensor, node: int, bound: dict[str, BoundOperation]) -> _Node:
        if node == space.NUM_NODES - 1:
            return _Node(x, x, {})  # nothing leaves the last node
        stride = self.plan.stride(node)
        pooled = {name: bound[name](x, node, stride) for name in self.poolings}
        return _Node(x, tf.nn.relu(x), pooled)

    def _branches(
        self,
        edge: tuple[int, int],
        node: _Node,
        z: dict[tuple[int, int], dict[str, tf.Tensor]],
        bound: dict[str, BoundOperation],
    ) -> list[tf.Tensor]:
        """Z_ij . O_ij(x_i) as its terms; the zero operation has none."""
        z, stride = z[edge], self.plan.stride(edge[0])
        terms = [z[name] * x for name, x in node.pooled.items()]
        if stride == 1:
            terms.append(z["skip_connect"] * node.x)
        for name in self.convolutions:
            edges = _STRIDED_EDGES if name == "skip_connect" else space.EDGES
            if edge in edges:
                scale = tf.fill([self.plan.channels], z[name])
                terms.append(bound[name](node.rectified, edges.index(edge), stride, scale))
        return terms

    def compute_output_shape(self, input_shape: object, *_: object) -> tuple:
        """[batch, height, width, 4 x channels]."""
        return (None, *self.plan.output_size, space.NUM_INTERMEDIATE * self.plan.channels)

    def get_config(self) -> dict:
        """The constructor's arguments, the plan as a dict."""
        return {**super().get_config(), "plan": dataclasses.asdict(self.plan)}

    @classmethod
    def from_config(cls, config: dict) -> "SearchCell":
        """Rebuilds the plan from its dict."""
        plan = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in config["plan"].items()
        }
        return cls(**{**config, "plan": space.CellPlan(**plan)})


def _by_operation(row: tf.Tensor) -> dict[str, tf.Tensor]:
    return dict(zip(space.OPERATIONS, tf.unstack(row), strict=True))
