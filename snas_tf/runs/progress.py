"""The progress of a training."""

import math
import sys
import time

import keras
import tqdm

_PLAIN_SECONDS = 60


class Progress(keras.callbacks.Callback):
    """Callback that shows a bar on a terminal, and elsewhere a line per minute.

    It also measures the rate of the epoch's training steps.

    Args:
        num_epochs: epochs of the whole run.
        steps_per_epoch: steps of a whole epoch.
        batch_size: images a step.
    """

    def __init__(self, num_epochs: int, steps_per_epoch: int, batch_size: int) -> None:
        super().__init__()
        self._num_epochs = num_epochs
        self._steps_per_epoch = steps_per_epoch
        self._batch_size = batch_size
        self._bar: tqdm.tqdm | None = None
        self._first_step = self._step = 0
        self._first_end = self._last_end = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Open the bar where the epoch begins, or resumes."""
        self._epoch = epoch
        self._first_step = self._step = self.model.step.numpy() % self._steps_per_epoch
        self._first_end = self._last_end = 0.0
        self._last_line = time.monotonic()
        if sys.stdout.isatty():
            self._bar = tqdm.tqdm(
                total=self._steps_per_epoch,
                initial=int(self._first_step),
                desc=f"epoch {epoch + 1}/{self._num_epochs}",
                unit="step",
                file=sys.stdout,
                leave=False,
                dynamic_ncols=True,
            )

    def on_train_batch_end(self, batch: int, logs: dict) -> None:
        """Move the bar, or print a line when the last is a minute old."""
        now = time.monotonic()
        self._first_end, self._last_end = self._first_end or now, now
        self._step += 1
        values = {name: f"{float(logs[name]):.3f}" for name in ("loss", "accuracy")}
        if self._bar is not None:
            self._bar.update()
            self._bar.set_postfix(values, refresh=False)
            if self._step == self._steps_per_epoch:
                self._bar.close()
                self._bar = None
        elif now - self._last_line > _PLAIN_SECONDS:
            self._last_line = now
            print(
                f"epoch {self._epoch + 1}/{self._num_epochs}  "
                f"step {self._step}/{self._steps_per_epoch}  "
                f"loss {values['loss']}  accuracy {values['accuracy']}",
                flush=True,
            )

    def images_per_second(self) -> float:
        """Rate of the epoch's training steps; the first, which may compile, is not counted."""
        steps = self._step - self._first_step - 1
        if steps < 1:
            return float("nan")
        return float(steps * self._batch_size / (self._last_end - self._first_end))

    def epoch_seconds(self) -> float:
        """Seconds of a whole epoch of training steps at that rate."""
        images = self._steps_per_epoch * self._batch_size
        rate = self.images_per_second()
        return images / rate if rate > 0 else float("nan")


def duration(seconds: float) -> str:
    """Format seconds as h:mm:ss, or "?" where they are not known."""
    if not math.isfinite(seconds):
        return "?"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
