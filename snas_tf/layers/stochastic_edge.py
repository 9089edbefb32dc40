"""The concrete distribution of a cell's operations, and its gradients."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture.spaces import DARTS
from snas_tf.layers import random_numbers


def gumbel(shape: tuple[int, ...], seed: tf.Tensor) -> tf.Tensor:
    """Standard Gumbel noise G = -log(-log U), a pure function of its seed.

    U is drawn from [tiny, 1), tiny the smallest normal float32: a draw of exactly 0, which
    [0, 1) gives every few million draws, would make the noise and then the loss infinite.

    Args:
        shape: shape of the noise.
        seed: integers [2].
    """
    tiny = float(np.finfo(np.float32).tiny)
    uniform = tiny + random_numbers.uniform(shape, seed)
    return -tf.math.log(-tf.math.log(uniform))


def with_credit(log_alpha: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """One-hot draws, with the policy gradient of Eq. 7 for log alpha.

    The gradient of log p(Z_ij) with respect to log alpha_ij is Z_ij - p_ij. Its weight is the cost
    that a first-order Taylor expansion attributes to the edge's decision,
    -R_ij = dL/dx_j . O_ij(x_i) (Eq. 8): the gradient which reaches the drawn entry of Z.

    Args:
        log_alpha: logits [edges, operations].
        z: the draw, one-hot rows, of the same shape.

    Returns:
        z.
    """
    log_p = tf.reduce_sum(z * tf.nn.log_softmax(log_alpha), axis=-1, keepdims=True)
    one = tf.exp(log_p - tf.stop_gradient(log_p))  # Its gradient is that of log p.
    return one * z


class StochasticEdge(keras.layers.Layer):
    """Distribution p(Z; alpha) of the operations on the edges of one kind of cell.

    Row e of a draw Z [edges, operations] weighs the candidates of edge e = (i, j):
    x_j = sum_(i<j) Z_ij . O_ij(x_i) (Eq. 2). All cells of a kind share one draw a step, and all
    share `log_alpha`, the only weight of this layer.

    A relaxed draw is Z^k = softmax_k((log alpha^k + G^k) / lambda) (Eq. 5). As lambda -> 0 it
    becomes one-hot and takes value k with probability alpha^k / sum_k' alpha^k' (Maddison et al.,
    2017). The gradient reaches log_alpha through the draw (Eq. 26, here for log alpha, which
    cancels the alpha in its denominator):

        dL/dlog alpha_ij^k
            = sum_k' dL/dx_j . O_ij^k'(x_i) (delta(k' - k) - Z_ij^k) Z_ij^k' / lambda

    Where draws are one-hot, it is the policy gradient of Eq. 7.

    Args:
        num_edges: rows of the distribution, 14 in the paper's cell.
        num_operations: columns, 8 in the paper's cell.
        initial_deviation: log_alpha starts as N(1, initial_deviation^2); the deviation is the
            published code's; the mean has an effect with coupled decay alone.
        seed: integers [2] of the initial value; any other pair gives another one.
        relaxation: how Z is drawn, one of `RELAXATIONS`.

    Raises:
        ValueError: num_edges < 1, num_operations < 2, or an unknown relaxation.
    """

    def __init__(
        self,
        num_edges: int = len(DARTS.edges),
        num_operations: int = len(DARTS.operations),
        initial_deviation: float = 0.01,
        seed: Sequence[int] = (0, 0),
        relaxation: str = "concrete",
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if num_edges < 1 or num_operations < 2:
            raise ValueError(
                "a stochastic edge needs at least 1 edge and 2 operations, received: "
                f"num_edges={num_edges}, num_operations={num_operations}"
            )
        if relaxation not in RELAXATIONS:
            raise ValueError(
                f"relaxation must be one of {list(RELAXATIONS)}, received: {relaxation}"
            )
        self.num_edges = num_edges
        self.num_operations = num_operations
        self.initial_deviation = initial_deviation
        self.seed = tuple(seed)
        self.relaxation = relaxation
        self.log_alpha = self.add_weight(
            name="log_alpha",
            shape=(num_edges, num_operations),
            initializer=self._initial_value,
        )
        self.built = True

    def _initial_value(self, shape: tuple[int, ...], dtype: str) -> tf.Tensor:
        # Not Keras' initializer, which takes one integer, so that distinct seeds can coincide.
        return tf.random.stateless_normal(shape, self.seed, 1.0, self.initial_deviation, dtype)

    def call(self, temperature: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draw Z [edges, operations] at a temperature (scalar) with a seed (integers [2])."""
        return self.draw(self.noise(seed), temperature)

    def noise(self, seed: tf.Tensor) -> tf.Tensor:
        """Gumbel noise G [edges, operations] of a draw, a pure function of its seed."""
        return gumbel((self.num_edges, self.num_operations), seed)

    def draw(self, noise: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        """Compute the draw Z [edges, operations] from noise, with the chosen relaxation."""
        return RELAXATIONS[self.relaxation](self, noise, temperature)

    def relax(self, noise: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        """The relaxed draw Z [edges, operations] (Eq. 5); its rows sum to 1."""
        return tf.nn.softmax(self._scores(noise, temperature))

    def log_relax(self, noise: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        """The logarithm of `relax`, for low temperatures, where Z itself underflows."""
        return tf.nn.log_softmax(self._scores(noise, temperature))

    def _scores(self, noise: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        return (self.log_alpha.value + noise) / temperature

    def choose(self, noise: tf.Tensor, temperature: tf.Tensor | None = None) -> tf.Tensor:
        """The one-hot draw Z [edges, operations]: that of `relax` in the limit lambda -> 0.

        Its gradient is the policy gradient of `with_credit`; the temperature has no effect.
        """
        chosen = tf.argmax(self.log_alpha.value + noise, axis=-1)
        return with_credit(self.log_alpha.value, tf.one_hot(chosen, self.num_operations))

    def log_density(self, log_z: tf.Tensor, temperature: tf.Tensor) -> tf.Tensor:
        """Log-density [edges] of relaxed draws (Maddison et al., 2017, Eq. 10).

        Up to what does not depend on log alpha, with n operations:

            sum_k log alpha_k - n log sum_k alpha_k Z_k^-lambda

        Args:
            log_z: log Z [edges, operations]; Z itself underflows at low temperatures.
            temperature: lambda, a scalar.
        """
        log_alpha = self.log_alpha.value
        return tf.reduce_sum(log_alpha, axis=-1) - self.num_operations * tf.reduce_logsumexp(
            log_alpha - temperature * log_z, axis=-1
        )

    def probabilities(self) -> tf.Tensor:
        """Alpha [edges, operations]: the distribution in the limit lambda -> 0."""
        return tf.nn.softmax(self.log_alpha.value)

    def entropy(self) -> tf.Tensor:
        """Mean entropy of the edges' distributions, in nats: ln 8 when nothing is decided."""
        log_probabilities = tf.nn.log_softmax(self.log_alpha.value)
        return -tf.reduce_mean(
            tf.reduce_sum(tf.exp(log_probabilities) * log_probabilities, axis=-1)
        )

    def most_probable(self) -> tf.Tensor:
        """The derived child as a one-hot Z [edges, operations]; the zero operation included."""
        return tf.one_hot(tf.argmax(self.log_alpha.value, axis=-1), self.num_operations)

    def count(self, operation: int) -> tf.Tensor:
        """Count the edges whose most probable operation is `operation`, a column of log alpha."""
        chosen = tf.argmax(self.log_alpha.value, axis=-1)
        return tf.math.count_nonzero(chosen == operation)

    def compute_output_shape(self, *_: object) -> tuple[int, int]:
        """[edges, operations]."""
        return (self.num_edges, self.num_operations)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        config = {
            "num_edges": self.num_edges,
            "num_operations": self.num_operations,
            "initial_deviation": self.initial_deviation,
            "seed": self.seed,
            "relaxation": self.relaxation,
        }
        return {**super().get_config(), **config}


RELAXATIONS = {"concrete": StochasticEdge.relax, "one_hot": StochasticEdge.choose}
"""How Z is drawn from noise, by name."""
