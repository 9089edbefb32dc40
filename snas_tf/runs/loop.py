"""The training loop: all epochs, from the newest checkpoint or the start."""

from typing import Any, TypeVar

import keras
import tensorflow as tf

from snas_tf.data.batches import VALIDATION, BatchConfig, Dataset
from snas_tf.runs import cluster, devices
from snas_tf.runs.checkpoints import Checkpoints
from snas_tf.runs.divergence import StopAtDivergence
from snas_tf.runs.interruption import StopAtSignal
from snas_tf.runs.monitor import Monitor
from snas_tf.runs.progress import Progress
from snas_tf.runs.run_directory import RunDirectory

AnyMonitor = TypeVar("AnyMonitor", bound=Monitor)


def train(
    model: Any,
    monitor_class: type[AnyMonitor],
    dataset: Dataset,
    batch_config: BatchConfig,
    run: RunDirectory,
    checkpoint_every_steps: int = 0,
    last_epoch: int | None = None,
) -> AnyMonitor:
    """Train a model for the epochs of its `config`.

    Args:
        model: a built and compiled `TracedModel` with `config`, `step` and `state`. The training
            ends early after an epoch whose report sets its `stop_training`.
        monitor_class: class of the monitor.
        dataset: the images to learn from and those to validate on.
        batch_config: how training batches are drawn.
        run: the run directory.
        checkpoint_every_steps: see `RunConfig`.
        last_epoch: after which epoch to pause, as if the program were interrupted; None for all.

    Returns:
        The monitor, which has the rows of all epochs.

    Raises:
        UserError: the loss is no longer a number, or no checkpoint of the run can be read.
        Interrupted: the process was asked to end; the step is saved.
    """
    epochs, batch_size = model.config.epochs, batch_config.batch_size
    epoch_steps = dataset.steps_per_epoch(batch_size)
    checkpoints = Checkpoints(run.checkpoints, checkpoint_every_steps, epoch_steps)
    checkpoints.attach(model.state(), model.step)
    step = checkpoints.restore()
    if step:
        print(f"resuming {run.path} after step {step} of {epochs * epoch_steps}", flush=True)
    elif epochs:
        print("compiling the network, which takes a while before the first step", flush=True)
    progress = Progress(epochs, epoch_steps, batch_size)
    monitor = monitor_class(model, run, progress, epochs, checkpoints.rows)
    epoch_end = _EpochEnd(monitor, dataset.evaluation_batches(VALIDATION, batch_size))
    if step and step % epoch_steps == 0:
        epoch_end.finish(step // epoch_steps - 1)
    interruption = StopAtSignal(checkpoints, leads=cluster.current().is_chief)
    callbacks = keras.callbacks.CallbackList(
        [StopAtDivergence(), progress, checkpoints, interruption, epoch_end], model=model
    )
    steps = range(step, epoch_steps * (epochs if last_epoch is None else last_epoch))
    if steps and not model.stop_training:
        batches = dataset.training_batches(batch_config, step, len(steps))
        with interruption.listening():
            _train(model, batches, steps, epoch_steps, callbacks)
    checkpoints.save()
    return monitor


def _train(
    model: Any,
    batches: tf.data.Dataset,
    steps: range,
    epoch_steps: int,
    callbacks: keras.callbacks.CallbackList,
) -> None:
    """Train the steps that are left. `fit` of Keras does not run on several machines."""
    train_function = model.make_train_function()
    parts = devices.distribute(model.distribute_strategy, batches)
    for step in steps:
        epoch, done = divmod(step, epoch_steps)
        if step == steps.start or not done:
            callbacks.on_epoch_begin(epoch)
        callbacks.on_train_batch_begin(done)
        callbacks.on_train_batch_end(done, train_function(parts))
        if done + 1 == epoch_steps:
            callbacks.on_epoch_end(epoch)
            if model.stop_training:
                return


class _EpochEnd(keras.callbacks.Callback):
    """Callback that validates and reports at the end of an epoch."""

    def __init__(self, monitor: Monitor, validation: tf.data.Dataset | None) -> None:
        super().__init__()
        self._monitor = monitor
        self._validation = validation

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Report the epoch, counted from 0."""
        self.finish(epoch)

    def finish(self, epoch: int) -> None:
        """Report the epoch, then begin the means of the next one."""
        model = self._monitor.model
        means = model.training_means.result()
        held_out = {
            f"valid_{name}": value for name, value in model.measure(self._validation).items()
        }
        self._monitor.report(epoch, {**means, **held_out})
        model.begin_epoch()
