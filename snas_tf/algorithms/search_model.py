"""The search model: theta and alpha of the parent trained jointly, in one backward pass."""

import functools
from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from snas_tf.algorithms.stochastic_edge import StochasticEdge, gumbel
from snas_tf.architecture import cost, space
from snas_tf.config import SearchConfig
from snas_tf.models.parent import ParentNetwork
from snas_tf.penalty import estimator, scale, weight
from snas_tf.runs.checkpoints import state_of
from snas_tf.training import optimizers, schedules
from snas_tf.training.means import sums
from snas_tf.training.traced_model import Batch, TracedModel

_TRAINING, _EVALUATION = 0, 1
"""What a draw is for; the two never use the same noise."""

_TESTED = ("cross_entropy", "accuracy")
_TRAINED = ("loss", *_TESTED, "penalty", "penalty_share")


class SearchModel(TracedModel):
    """Minimises E_Z[L_theta(Z)] + eta E_Z[C(Z)] over theta and alpha (Eq. 9).

    The loss is estimated with one draw a step and replica. How E_Z[C(Z)] is estimated,
    what C is and what eta is are up to `penalty_estimator`, `penalty_scale` and `penalty_weight`.

    Args:
        network: the parent.
        config: the search's settings.
        num_steps: length of the search in steps, for the schedules.
        seed: of every draw, with the step: step N draws the same whatever came before.
    """

    def __init__(
        self, network: ParentNetwork, config: SearchConfig, num_steps: int, seed: int
    ) -> None:
        super().__init__(_TRAINED, _TESTED, name="search")
        self.network = network
        self.config = config
        self.num_steps = num_steps
        self.seed = seed
        self.edges = {
            kind: StochasticEdge(
                seed=(seed, index), relaxation=config.relaxation, name=f"edges_{kind}"
            )
            for index, kind in enumerate(space.KINDS)
        }
        self.costs = cost.costs_by_kind(network.plans)
        criteria = {name: getattr(config, f"{name}_weight") for name in cost.CRITERIA}
        self.scale = scale.SCALES[config.penalty_scale](self.costs, criteria)
        self.estimator = estimator.of(config)
        self.eta = weight.of(config, num_steps)
        # True while the derived child is evaluated in place of draws, with the parent's weights.
        self.evaluates_child = self.add_weight(
            name="evaluates_child", shape=(), dtype="bool", initializer="zeros", trainable=False
        )
        self.built = True
        self._compile()

    def _compile(self) -> None:
        self.theta_optimizer = optimizers.theta_optimizer(self.config, self.num_steps)
        self.alpha_optimizer = optimizers.alpha_optimizer(self.config, self.num_steps)
        self.theta_optimizer.build(self.theta)
        self.alpha_optimizer.build(self.alpha)
        self.compile(optimizer=self.theta_optimizer, jit_compile=False)

    @property
    def theta(self) -> list[keras.Variable]:
        """The weights of the operations; none of them is in `alpha`."""
        return self.network.trainable_variables

    @property
    def alpha(self) -> list[keras.Variable]:
        """The parameters of the two distributions, log alpha [edges = 14, operations = 8] each."""
        return [self.edges[kind].log_alpha for kind in space.KINDS]

    @property
    def step(self) -> keras.Variable:
        """Number of updates made."""
        return self.alpha_optimizer.iterations

    def temperature(self) -> tf.Tensor:
        """Lambda of Eq. 5 at the current step."""
        return schedules.linear(
            self.step.value,
            self.config.initial_temperature,
            self.config.final_temperature,
            self.num_steps,
        )

    def _logits(self) -> dict[str, tf.Tensor]:
        return {kind: self.edges[kind].log_alpha.value for kind in space.KINDS}

    def _seeds(self, stream: Sequence[tf.Tensor | int]) -> dict[str, tf.Tensor]:
        """The seed of each kind's noise at the current step."""
        seed = tf.stack([self.seed, 0])
        for number in (*stream, self.step.value):
            seed = tf.random.experimental.stateless_fold_in(seed, tf.cast(number, tf.int64))
        return {
            kind: tf.random.experimental.stateless_fold_in(seed, index)
            for index, kind in enumerate(space.KINDS)
        }

    def draw(self, *stream: tf.Tensor | int) -> dict[str, tf.Tensor]:
        """One Z [edges = 14, operations = 8] for each kind, at the current temperature.

        Args:
            stream: integers that name the draw; another stream is another draw.
        """
        temperature = self.temperature()
        return {
            kind: self.edges[kind](temperature, seed=seed)
            for kind, seed in self._seeds(stream).items()
        }

    def penalty(self, *stream: tf.Tensor | int) -> tf.Tensor:
        """Eta E_Z[C(Z)], a scalar; C is 1 for the dearest child of this network where linear.

        Args:
            stream: of the draw that an estimator uses, if it uses one: the same as in `draw`.
        """
        temperature = self.temperature()
        logits = self._logits()
        expected = [
            self.estimator(
                functools.partial(self.scale.terms, kind),
                logits[kind],
                gumbel(logits[kind].shape, seed),
                temperature,
            )
            for kind, seed in self._seeds(stream).items()
        ]
        return self.eta.value(logits, temperature) * tf.add_n(expected)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """One joint update of theta and alpha from one forward and one backward pass.

        Args:
            batch: this replica's share: "image" uint8 [batch, height, width, 3], "label" [batch].

        Returns:
            The sums over this replica's examples, by name.
        """
        context = tf.distribute.get_replica_context()
        replicas, replica = context.num_replicas_in_sync, context.replica_id_in_sync_group
        with tf.GradientTape() as tape:
            z = self.draw(_TRAINING, replica)
            logits = self.network(batch["image"], z, training=True)
            cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
            with tf.GradientTape() as penalty_tape:
                penalty = self.penalty(_TRAINING, replica)
            # The replicas' gradients are summed: each contributes its share of the batch's mean,
            # and of the penalty, which counts once.
            loss = (tf.reduce_mean(cross_entropy) + penalty) / replicas
        gradients = tape.gradient(
            loss, {name: [one.value for one in getattr(self, name)] for name in ("theta", "alpha")}
        )
        pull = penalty_tape.gradient(penalty, [one.value for one in self.alpha])
        share = estimator.share(pull, gradients["alpha"], replicas)
        self._update(gradients)
        return sums(
            {
                "loss": cross_entropy + penalty,
                **_measure(batch["label"], logits, cross_entropy),
                "penalty": penalty,
                "penalty_share": share,
            }
        )

    def _update(self, gradients: Mapping[str, list[tf.Tensor]]) -> None:
        self.eta.update(self._logits(), self.temperature())
        optimizers.apply_across_replicas(
            self.theta_optimizer,
            gradients["theta"],
            self.theta,
            self.config.theta_clip_norm,
            self.config.theta_weight_decay,
        )
        optimizers.apply_across_replicas(
            self.alpha_optimizer,
            gradients["alpha"],
            self.alpha,
            self.config.alpha_clip_norm,
            optimizers.coupled_decay(self.config),
        )

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Accuracy with the moving statistics: of a fresh draw a batch, or of the derived child.

        Args:
            batch: this replica's share: as in training, and "index" and "weight" [batch].
        """
        drawn = self.draw(_EVALUATION, batch["index"][0])
        z = {
            kind: tf.where(self.evaluates_child, self.edges[kind].most_probable(), drawn[kind])
            for kind in space.KINDS
        }
        logits = self.network(batch["image"], z, training=False)
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
        return sums(_measure(batch["label"], logits, cross_entropy), batch["weight"])

    def evaluate_child(self, batches: tf.data.Dataset) -> float:
        """Accuracy of the derived child with the parent's weights, untrained (Table 1)."""
        self.evaluates_child.assign(True)
        try:
            return self.measure(batches)["accuracy"]
        finally:
            self.evaluates_child.assign(False)

    def state(self) -> list[keras.Variable]:
        """Every variable that a restart must bring back."""
        return state_of(self, self.theta_optimizer, self.alpha_optimizer)

    def log_alpha(self) -> dict[str, np.ndarray]:
        """The two matrices [edges = 14, operations = 8] as NumPy arrays."""
        return {kind: self.edges[kind].log_alpha.numpy() for kind in space.KINDS}

    def settle(self) -> int:
        """Decides, at the end, what a target of the child's size leaves undecided.

        Returns:
            The number of edges whose most probable operation is another now.
        """
        before = self.log_alpha()
        after = self.eta.rounded(before)
        for kind in space.KINDS:
            self.edges[kind].log_alpha.assign(after[kind])
        return int(
            sum((before[kind].argmax(1) != after[kind].argmax(1)).sum() for kind in space.KINDS)
        )

    def weight(self) -> float:
        """Eta of Eq. 9 at the current step."""
        return float(self.eta.value(self._logits(), self.temperature()))


def _measure(
    labels: tf.Tensor, logits: tf.Tensor, cross_entropy: tf.Tensor
) -> dict[str, tf.Tensor]:
    """What is measured of each example, [batch] by name of `_TESTED`."""
    right = tf.equal(tf.argmax(logits, axis=-1), tf.cast(labels, tf.int64))
    return {"cross_entropy": cross_entropy, "accuracy": right}
