"""The end of a training that was asked to stop: after a step, with everything saved."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import keras

from snas_tf.errors import Interrupted
from snas_tf.runs.checkpoints import Checkpoints

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_MESSAGE = b"\ninterrupted: ends after this step, when it is saved; once more to end at once\n"


class StopAtSignal(keras.callbacks.Callback):
    """Callback that ends a training after the step in which SIGINT or SIGTERM arrives.

    The step is saved. Where nothing would be lost, as while the first step compiles or an epoch
    that is saved is validated, the training ends at once; so it does at a second signal.

    Args:
        checkpoints: what saves the step, a callback before this one.
        leads: whether this process decides when to end. Where several train together, the chief
            does: the others end when it is gone.
    """

    def __init__(self, checkpoints: Checkpoints, leads: bool = True) -> None:
        super().__init__()
        self._checkpoints = checkpoints
        self._leads = leads
        self._has_compiled = False
        self._may_lose = False  # Steps, if the training ended now.
        self._received: int | None = None

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Handle the signals within a context; those that the process ignores stay ignored.

        Python handles signals in its main thread only; in others they keep their meaning.
        """
        with contextlib.ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                for number in _SIGNALS:
                    if signal.getsignal(number) != signal.SIG_IGN:
                        before = signal.signal(number, self._handle)
                        stack.callback(signal.signal, number, before)
            try:
                yield
            except Exception as error:
                if self._received is None:
                    raise
                # TensorFlow's, of what was raised in a function that its graph calls.
                raise Interrupted(self._received) from error

    def _handle(self, number: int, _: FrameType | None) -> None:
        is_first, self._received = self._received is None, number
        if not (self._may_lose and is_first):
            raise Interrupted(number)
        os.write(2, _MESSAGE)  # A stream may be in the middle of a write.

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Wait for the end of the step from here on, unless it compiles."""
        self._may_lose |= self._has_compiled

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Save and end the training if a signal has arrived.

        Raises:
            Interrupted: it has.
        """
        self._has_compiled = self._may_lose = True
        if self._received is not None and self._leads:
            self._checkpoints.save()
            raise Interrupted(self._received)
        self._may_lose = not self._checkpoints.is_saved()
