"""The distribution of architectures: one stochastic edge layer for each kind of cell."""

import dataclasses
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from snas_tf.algorithms.algorithm import Draw
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.layers import random_numbers
from snas_tf.layers.stochastic_edge import StochasticEdge


@dataclasses.dataclass(frozen=True)
class GumbelDraw(Draw):
    """One draw of an architecture, made of Gumbel noise.

    Attributes:
        noise: the noise, of the shapes of z.
        temperature: lambda of Eq. 5, a scalar.
    """

    noise: Mapping[str, tf.Tensor]
    temperature: tf.Tensor


class Distribution(keras.layers.Layer):
    """p(Z; alpha): fully factorized over the edges of each kind of cell (Section 2.2).

    Args:
        space: kinds of cell, edges and operations.
        seed: seed of the initial log alpha.
        relaxation: how Z is drawn, one of `stochastic_edge.RELAXATIONS`.
    """

    def __init__(self, space: SearchSpace, seed: int = 0, relaxation: str = "concrete") -> None:
        super().__init__(name="distribution")
        self.space = space
        self.edges = {
            kind: StochasticEdge(
                *space.shape, seed=(seed, index), relaxation=relaxation, name=f"edges_{kind}"
            )
            for index, kind in enumerate(space.kinds)
        }
        self.built = True

    @property
    def alpha(self) -> list[keras.Variable]:
        """The parameters, log alpha [edges, operations] of each kind."""
        return [edges.log_alpha for edges in self.edges.values()]

    def draw(self, temperature: tf.Tensor, seed: tf.Tensor) -> GumbelDraw:
        """Draw one Z for each kind.

        Args:
            temperature: lambda of Eq. 5, a scalar.
            seed: integers [2]; the same seed gives the same draw.
        """
        noise = {
            kind: edges.noise(random_numbers.fold_in(seed, index))
            for index, (kind, edges) in enumerate(self.edges.items())
        }
        z = {kind: edges.draw(noise[kind], temperature) for kind, edges in self.edges.items()}
        return GumbelDraw(z, noise, temperature)

    def log_alpha(self) -> dict[str, np.ndarray]:
        """The parameters of each kind as NumPy arrays [edges, operations]."""
        return {kind: edges.log_alpha.numpy() for kind, edges in self.edges.items()}

    def assign(self, log_alpha: Mapping[str, np.ndarray]) -> None:
        """Set the parameters of each kind."""
        for kind, edges in self.edges.items():
            edges.log_alpha.assign(log_alpha[kind])

    def get_config(self) -> dict:
        """The constructor's arguments, the space by its name."""
        first = next(iter(self.edges.values()))
        return {"space": self.space.name, "seed": first.seed[0], "relaxation": first.relaxation}
