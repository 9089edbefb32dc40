"""The decisions of a controller, one after another."""

import dataclasses
from collections.abc import Mapping

import keras
import tensorflow as tf

from snas_tf.layers import random_numbers
from snas_tf.layers.stochastic_edge import gumbel


@dataclasses.dataclass(frozen=True)
class Sample:
    """Cells that a controller sampled.

    Attributes:
        z: for each kind, one-hot [samples, edges, operations].
        decisions: the index of what was chosen, in the order of the decisions, integers
            [samples, decisions].
        log_probability: sum over the decisions [samples].
        entropy: sum of the entropies of the decisions' distributions [samples], in nats.
    """

    z: Mapping[str, tf.Tensor]
    decisions: tf.Tensor
    log_probability: tf.Tensor
    entropy: tf.Tensor


class Decisions:
    """The decisions that an LSTM makes in turn, and its state.

    Args:
        lstm: the LSTM.
        seed: integers [2], of the decisions.
        samples: how many sequences of decisions are made at once.
    """

    def __init__(self, lstm: keras.layers.LSTMCell, seed: tf.Tensor, samples: int) -> None:
        self.samples = samples
        self._lstm = lstm
        self._seed = seed
        self._state = [tf.zeros((samples, lstm.units))] * 2
        self._decisions: list[tf.Tensor] = []
        self._log_probabilities: list[tf.Tensor] = []
        self._entropies: list[tf.Tensor] = []

    def read(self, x: tf.Tensor) -> tf.Tensor:
        """Let the LSTM read x [samples, units]; return its output, of the same shape."""
        output, self._state = self._lstm(x, self._state)
        return output

    def decide(self, logits: tf.Tensor) -> tf.Tensor:
        """Sample one-hot choices [samples, choices] with the probabilities softmax(logits)."""
        number = len(self._decisions)
        seed = random_numbers.fold_in(self._seed, number)
        decision = tf.argmax(logits + gumbel(tuple(logits.shape), seed), axis=-1)
        chosen = tf.one_hot(decision, logits.shape[-1])
        logs = tf.nn.log_softmax(logits)
        self._decisions.append(decision)
        self._log_probabilities.append(tf.reduce_sum(chosen * logs, axis=-1))
        self._entropies.append(-tf.reduce_sum(tf.exp(logs) * logs, axis=-1))
        return chosen

    def finish(self, z: Mapping[str, tf.Tensor]) -> Sample:
        """Sum up the decisions on z."""
        return Sample(
            z,
            tf.stack(self._decisions, axis=1),
            tf.add_n(self._log_probabilities),
            tf.add_n(self._entropies),
        )
