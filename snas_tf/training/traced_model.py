"""The base class of models that are trained."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import keras
import tensorflow as tf

from snas_tf.runs import devices
from snas_tf.training.loss_scale import LossScale
from snas_tf.training.means import Means

Batch = Mapping[str, tf.Tensor]


class TracedModel(keras.Model):
    """Keras model with one traced training function and exact means.

    Keras makes two functions, the step's inside that of `fit`. This nesting takes TensorFlow two
    seconds at the start, for the paper's parent. With several replicas, Keras reports the means of
    the first one, or the unweighted mean of theirs, whatever their numbers of examples.
    A subclass's `train_step` and `test_step` return `means.sums` instead.

    Args:
        trained: names of what is measured in training.
        tested: names of what is measured on images held out.
        name: name of the model.
        loss_scale: what the gradients of `train_step` come from; None for that of float32. Where
            steps may overflow, the subclass has `state`, the variables to put back, and `step`.
    """

    train_function: Callable | None
    test_function: Callable | None
    step: keras.Variable
    state: Callable[[], list[keras.Variable]]

    def __init__(
        self,
        trained: Sequence[str],
        tested: Sequence[str],
        name: str,
        loss_scale: LossScale | None = None,
    ) -> None:
        super().__init__(name=name)
        self.loss_scale = LossScale("float32") if loss_scale is None else loss_scale
        self.is_compiled = False
        self.training_means = Means(trained, name="training_means")
        self.test_means = Means(tested, name="test_means")

    def compile(
        self,
        optimizer: keras.optimizers.Optimizer,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool = False,
    ) -> None:
        """Sets how the model is run; a loss and metrics it has already.

        Args:
            optimizer: of the weights, for callbacks; `train_step` decides what it is used for.
            run_eagerly: run a step without tracing it, to debug it.
            steps_per_execution: 1, as the function that is traced is one step.
            jit_compile: compile the training step with XLA, which takes minutes for a parent.

        Raises:
            ValueError: `steps_per_execution` has another value, or there are several replicas,
                whose sums XLA can't compile.
        """
        if steps_per_execution != 1:
            raise ValueError(
                f"steps_per_execution must be 1 for this model, received: {steps_per_execution}"
            )
        replicas = self.distribute_strategy.num_replicas_in_sync
        if jit_compile and replicas > 1:
            raise ValueError(f"jit_compile needs a single device, received: {replicas}")
        self.is_compiled = jit_compile
        super().compile(optimizer=optimizer, run_eagerly=run_eagerly, jit_compile=False)

    def make_train_function(self, force: bool = False) -> Callable:
        """Make the function that `runs.loop`, or `fit` on one machine, calls for each step."""
        if self.train_function is None or force:
            strategy, train_step = self.distribute_strategy, self.train_step
            if self.is_compiled and not self.run_eagerly:
                train_step = tf.function(train_step, autograph=False, jit_compile=True)

            def train_function(batches: Iterator[Batch]) -> dict[str, tf.Tensor]:
                variables = self._undoable()
                before = [tf.identity(one.value) for one in variables]
                sums = strategy.run(train_step, (next(batches),))
                stays = self.loss_scale.undo_overflow(variables, before) if variables else None
                return self.training_means.add(strategy, sums, stays)

            self.train_function = self._trace(train_function)
        return self.train_function

    def _undoable(self) -> list[keras.Variable]:
        """The variables to put back where a step overflows; none where steps can't."""
        if not self.loss_scale.is_used:
            return []
        kept = {id(one) for one in (self.step, *self.loss_scale.variables)}
        return [one for one in self.state() if id(one) not in kept]

    def measure(self, batches: tf.data.Dataset | None) -> dict[str, float]:
        """Means of `test_step` over batches of images held out; empty where there are none.

        Args:
            batches: this process's share of every batch; their number must be known.

        Raises:
            ValueError: it is not.
        """
        if batches is None:
            return {}
        count = int(batches.cardinality())
        if count < 0:
            raise ValueError(f"the number of batches must be known, received: {batches}")
        strategy = self.distribute_strategy
        if self.test_function is None:

            def test_function(batch: Batch) -> None:
                self.test_means.add(strategy, strategy.run(self.test_step, (batch,)))

            self.test_function = self._trace(test_function)
        self.test_means.reset()
        parts = devices.distribute(strategy, batches)
        for _ in range(count):
            self.test_function(next(parts))
        return self.test_means.result()

    def begin_epoch(self) -> None:
        """Begin the means of the next epoch."""
        self.training_means.reset()

    def _trace(self, function: Callable) -> Callable:
        return function if self.run_eagerly else tf.function(function, autograph=False)
