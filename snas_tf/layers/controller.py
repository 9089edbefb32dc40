"""The controller of ENAS: an LSTM that samples cells, one decision after another."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from snas_tf.architecture import spaces
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.layers.decisions import Decisions, Sample

INPUT_RANGE = 1.10
"""Logits of an input are in this range around 0."""

OPERATION_RANGE = INPUT_RANGE / 2.5
"""Logits of an operation are in this range around 0."""

INITIAL_RANGE = 0.1
"""Weights start uniform in this range around 0."""

_TAKEN = 1e9
"""Subtracted from the logit of an input that is taken already."""


class Controller(keras.layers.Layer):
    """LSTM that samples a cell of each kind (Pham et al., 2018, Section 2.4).

    It decides on the nodes in turn: on as many distinct inputs as the space keeps, by attention
    over the earlier nodes, then on an operation for each, not the zero operation, which all other
    edges have. A space with a single earlier node gives one input. Where the space sets no number
    of inputs, it decides on an operation for each earlier node, which may be zero. After a
    decision, the LSTM reads what was chosen: the state in which it left an input, or the embedding
    of an operation. Its state goes on from one kind of cell to the next. With keys K_i of the
    earlier nodes and the output h of the LSTM, the logits are

        input i     1.10 tanh(v . tanh(K_i + h W_query)),  K_i = h_i W_key
        operation   1.10 / 2.5 tanh(h W + b)

    Size, ranges and initial weights are those of the published code. There, an input may be chosen
    twice, and biases prefer separable convolutions; here neither is so.

    Args:
        space: kinds of cell, nodes and operations.
        units: size of the LSTM's state.
        seed: of the initial weights.

    Raises:
        ValueError: the space keeps a number of inputs but has no zero operation, or there is no
            unit.
    """

    def __init__(
        self, space: SearchSpace = spaces.DARTS, units: int = 64, seed: int = 0, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        chooses_inputs = space.kept_inputs is not None
        if (chooses_inputs and space.zero is None) or units < 1:
            raise ValueError(
                "a controller needs a space with the operation none and at least 1 unit, received: "
                f"space={space.name} of {space.operations}, units={units}"
            )
        self.space = space
        self.units = units
        self.seed = seed
        left_out = space.zero if chooses_inputs else None
        candidates = [column for column in range(space.shape[1]) if column != left_out]
        # [candidates, operations]
        self._columns = np.eye(space.shape[1], dtype=np.float32)[candidates]
        self.lstm = keras.layers.LSTMCell(
            units,
            use_bias=False,
            kernel_initializer=self._uniform(0),
            recurrent_initializer=self._uniform(1),
            seed=seed,
            name="lstm",
        )
        self.lstm.build((None, units))
        self._add_weights(len(candidates))
        self.built = True

    def _add_weights(self, candidates: int) -> None:
        units = self.units
        self.start = self._add("start", 2, (1, units))
        self.embedding = self._add("embedding", 3, (candidates, units))
        self.kernel = self._add("kernel", 4, (units, candidates))
        self.bias = self.add_weight(name="bias", shape=(candidates,), initializer="zeros")
        self.key_kernel = self._add("key_kernel", 5, (units, units))
        self.query_kernel = self._add("query_kernel", 6, (units, units))
        self.score_kernel = self._add("score_kernel", 7, (units, 1))

    def _add(self, name: str, number: int, shape: tuple[int, ...]) -> keras.Variable:
        return self.add_weight(name=name, shape=shape, initializer=self._uniform(number))

    def _uniform(self, number: int) -> Callable[..., tf.Tensor]:
        # Not Keras' initializer, which takes one integer, so that distinct seeds can coincide.
        def initial_value(shape: tuple[int, ...], dtype: str) -> tf.Tensor:
            seed = (self.seed, number)
            return tf.random.stateless_uniform(shape, seed, -INITIAL_RANGE, INITIAL_RANGE, dtype)

        return initial_value

    def call(self, seed: tf.Tensor, samples: int = 1) -> Sample:
        """Sample cells of each kind.

        Args:
            seed: integers [2]; the same seed gives the same cells.
            samples: how many, independent of each other.
        """
        decisions = Decisions(self.lstm, seed, samples)
        z = {kind: self._sample_cell(decisions) for kind in self.space.kinds}
        return decisions.finish(z)

    def _sample_cell(self, decisions: Decisions) -> tf.Tensor:
        """Sample cells of one kind: Z [samples, edges, operations]."""
        anchors, keys = [], []
        for _ in range(self.space.num_inputs):
            output = decisions.read(self._begin(decisions))
            anchors.append(tf.zeros_like(output))
            keys.append(output @ self.key_kernel.value)
        rows = []
        for _ in self.space.intermediate_nodes:
            entering, output = self._sample_node(decisions, anchors, keys)
            rows.append(entering)
            anchors.append(output)
            keys.append(output @ self.key_kernel.value)
        return tf.concat(rows, axis=1)

    def _sample_node(
        self, decisions: Decisions, anchors: list[tf.Tensor], keys: list[tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Sample the inputs of a node, and an operation for each.

        Args:
            decisions: those so far.
            anchors: what the LSTM reads of each earlier node, [samples, units] each.
            keys: their keys for the attention, [samples, units] each.

        Returns:
            Z of the edges that enter the node [samples, earlier nodes, operations], and the output
            with which the LSTM leaves it.
        """
        sources, x = self._sample_inputs(decisions, anchors, keys)
        operations: list[tf.Tensor] = []
        for _ in sources:
            operations.append(decisions.decide(self._rate_operations(decisions.read(x))))
            x = operations[-1] @ self.embedding.value
        return self._to_rows(sources, operations), decisions.read(x)

    def _sample_inputs(
        self, decisions: Decisions, anchors: list[tf.Tensor], keys: list[tf.Tensor]
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Sample the inputs of a node, one-hot [samples, earlier nodes]; and what is read next."""
        x, earlier = self._begin(decisions), len(anchors)
        if self.space.kept_inputs is None:
            return [tf.one_hot([one] * decisions.samples, earlier) for one in range(earlier)], x
        sources: list[tf.Tensor] = []
        for _ in range(min(self.space.kept_inputs, earlier)):
            logits = self._rate_inputs(decisions.read(x), keys)
            sources.append(decisions.decide(logits - _TAKEN * sum(sources)))
            x = tf.einsum("sn,snu->su", sources[-1], tf.stack(anchors, axis=1))
        return sources, x

    def _begin(self, decisions: Decisions) -> tf.Tensor:
        """What the LSTM reads where there is no decision yet [samples, units]."""
        return tf.repeat(self.start.value, decisions.samples, axis=0)

    def _rate_inputs(self, output: tf.Tensor, keys: list[tf.Tensor]) -> tf.Tensor:
        """Logits of the earlier nodes [samples, earlier nodes]."""
        query = (output @ self.query_kernel.value)[:, tf.newaxis]
        scores = tf.tanh(tf.stack(keys, axis=1) + query) @ self.score_kernel.value
        return INPUT_RANGE * tf.tanh(scores[..., 0])

    def _rate_operations(self, output: tf.Tensor) -> tf.Tensor:
        """Logits of the operations that it decides on [samples, candidates]."""
        return OPERATION_RANGE * tf.tanh(output @ self.kernel.value + self.bias.value)

    def _to_rows(self, sources: list[tf.Tensor], operations: list[tf.Tensor]) -> tf.Tensor:
        """Z of the edges that enter a node [samples, earlier nodes, operations]."""
        live = tf.add_n(
            [
                tf.einsum("sn,so->sno", source, operation @ self._columns)
                for source, operation in zip(sources, operations, strict=True)
            ]
        )
        if self.space.kept_inputs is None:
            return live
        is_zero = 1 - tf.reduce_sum(live, axis=-1, keepdims=True)
        return live + is_zero * tf.one_hot(self.space.zero, self.space.shape[1])

    def compute_output_shape(
        self, seed_shape: tuple[int, ...] = (2,), samples: int = 1
    ) -> dict[str, tuple[int, int, int]]:
        """Of Z [samples, edges, operations] of each kind."""
        return dict.fromkeys(self.space.kinds, (samples, *self.space.shape))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the space by its name."""
        own = {"space": self.space.name, "units": self.units, "seed": self.seed}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Controller":
        """Find the space."""
        return cls(**{**config, "space": spaces.get(config["space"])})
