"""The cost C of Eq. 9, in several scales."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import numpy as np
import tensorflow as tf

from snas_tf.architecture.network_cost import EdgeCosts, normalize_costs

_FLOOR = 1e-3
"""Floor of the logarithm, relative to an edge's most expensive operation."""


class Scale(Protocol):
    """Cost of a draw as a sum over edges."""

    def terms(self, kind: str, z: tf.Tensor) -> tf.Tensor:
        """Compute terms [edges, any] whose sum is C(Z); each row is the cost of one edge.

        Args:
            kind: kind of the cell.
            z: a draw, or the probabilities, [edges, operations].
        """


class Linear:
    """C(Z) = sum_ij Z_ij . C(O_ij) (Eq. 10), 1 for the most expensive child of the network.

    Args:
        costs: costs of the network.
        weights: weights of each criterion; only their ratio counts.
    """

    def __init__(self, costs: EdgeCosts, weights: Mapping[str, float]) -> None:
        self.costs = normalize_costs(costs, weights)

    def terms(self, kind: str, z: tf.Tensor) -> tf.Tensor:
        """See `Scale.terms`; one for each operation."""
        return z * self.costs[kind]


class Logarithmic:
    """The mean over the edges and the criteria of ln(1 + Z_ij . C(O_ij) / floor_ij).

    The published code's scale: it depends on the factor by which an edge's cost falls.
    A floor, a thousandth of the edge's most expensive operation, keeps the logarithm finite. Costs
    relative to the floor do not depend on depth or width, and halving the cost of an edge that has
    its most expensive operation is worth about as much as in `Linear`.

    Args:
        costs: costs of the network.
        weights: weights of each criterion; only their ratio counts.
    """

    def __init__(self, costs: EdgeCosts, weights: Mapping[str, float]) -> None:
        shares = np.array(list(weights.values()))
        first = next(iter(weights))
        edges = sum(len(kind_costs[first]) for kind_costs in costs.values())
        self.shares = shares / (shares.sum() * edges)
        self.costs = {kind: _relative(kind_costs, weights) for kind, kind_costs in costs.items()}

    def terms(self, kind: str, z: tf.Tensor) -> tf.Tensor:
        """See `Scale.terms`; one for each criterion."""
        expected = tf.einsum("eo,ceo->ec", z, tf.cast(self.costs[kind], z.dtype))
        return tf.math.log1p(expected / _FLOOR) * self.shares


def _relative(costs: Mapping[str, np.ndarray], criteria: Iterable[str]) -> np.ndarray:
    """Costs [criteria, edges, operations] of one kind, 1 for the most expensive of each edge."""
    stacked = np.stack([costs[name] for name in criteria])
    return stacked / stacked.max(axis=-1, keepdims=True)


SCALES: dict[str, Callable[[EdgeCosts, Mapping[str, float]], Scale]] = {
    "linear": Linear,
    "log": Logarithmic,
}
"""By the name that `SearchConfig.penalty_scale` has."""
