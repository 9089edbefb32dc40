"""The processes that train a model together, one on each machine, and what they tell each other."""

import contextlib
import functools
import json
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from snas_tf.config.cluster import VARIABLE, ClusterConfig
from snas_tf.data.share import Share
from snas_tf.errors import LostWorkerError, UserError, format_setting, printable
from snas_tf.files import whole_files
from snas_tf.runs import rendezvous, time_limit

JOIN_SECONDS = 300
"""How long a process waits for the others at the start."""

HANDSHAKE_SECONDS = {"CPU": 25, "GPU": 120}
"""How long TensorFlow may take to start its devices and connect processes that are all there."""


class Cluster:
    """The processes that train together; the first is the chief, which writes the run directory.

    A method that communicates is called by all processes, in the same order.

    Args:
        config: the processes.
        strategy: of all devices of all processes; None where this process is alone.
    """

    def __init__(self, config: ClusterConfig, strategy: tf.distribute.Strategy | None) -> None:
        self.config = config
        self.strategy = strategy

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run directory."""
        return self.config.is_chief

    @property
    def share(self) -> Share:
        """The part of every batch that this process takes."""
        return Share(self.config.index, self.config.count)

    @contextlib.contextmanager
    def directory(self, model_dir: pathlib.Path) -> Iterator[pathlib.Path]:
        """Yield the run directory; on others than the chief, a temporary one that is removed."""
        if self.is_chief:
            yield model_dir
            return
        with tempfile.TemporaryDirectory(prefix=whole_files.PREFIX.strip(".")) as directory:
            yield pathlib.Path(directory, "run")

    def from_chief(self, value: Any) -> Any:
        """Return the chief's value, which JSON can express."""
        if self.strategy is None:
            return value
        return json.loads(self._from_chief(json.dumps(value).encode()))

    def assign_from_chief(self, variables: Sequence[keras.Variable]) -> None:
        """Assign the chief's values to variables, bit for bit."""
        if self.strategy is None:
            return
        values = [np.asarray(variable.numpy()) for variable in variables]
        data = self._from_chief(b"".join(value.tobytes() for value in values))
        for variable, value in zip(variables, values, strict=True):
            own, data = data[: value.nbytes], data[value.nbytes :]
            variable.assign(np.frombuffer(own, value.dtype).reshape(value.shape))

    def from_all(self, value: Any) -> list[Any]:
        """Return the values of all processes, which JSON can express, in their order."""
        if self.strategy is None:
            return [value]
        data = json.dumps(value).encode()
        return [json.loads(self._from(data, index)) for index in range(self.config.count)]

    @contextlib.contextmanager
    def agreed(self) -> Iterator[None]:
        """Raise the first error of any process in all of them, at the end of a context.

        Nothing else communicates within it.

        Raises:
            UserError: the context has raised one, here or in another process.
        """
        failure = None
        try:
            yield
        except UserError as error:
            failure = error
        messages = self.from_all(None if failure is None else str(failure))
        if failure is not None:
            raise failure
        for address, message in zip(self.config.addresses, messages, strict=True):
            if message is not None:
                raise UserError(f"{message} (of {address})")

    def require_same(self, settings: Mapping[str, Any]) -> None:
        """Check that all processes have the chief's settings, by name.

        Raises:
            UserError: a process has others; names the first.
        """
        chief = self.from_chief(settings)
        with self.agreed():
            for name in sorted({*settings, *chief}):
                own, other = settings.get(name), chief.get(name)
                if own != other:
                    is_short = not isinstance(own, dict)
                    raise UserError(
                        f"{format_setting(name, own) if is_short else f'`{name}`'}: not as on "
                        f"{self.config.addresses[0]}"
                        f"{f', which has {format_setting(name, other)}' if is_short else ''}, "
                        "accepted: the same on all machines"
                    )

    def _from_chief(self, data: bytes) -> bytes:
        return self._from(data, 0)

    def _from(self, data: bytes, index: int) -> bytes:
        """Return the bytes of a process."""
        is_sender = self.config.index == index
        sent = len(data) if is_sender else 0
        low, high = self._sum(np.array([sent % 2**16, sent // 2**16], np.uint16))
        length = int(low) + 2**16 * int(high)
        words = np.zeros(-(-length // 2), np.uint16)
        if is_sender:
            words.view(np.uint8)[: len(data)] = np.frombuffer(data, np.uint8)
        return self._sum(words).tobytes()[:length]

    def _sum(self, words: np.ndarray) -> np.ndarray:
        """Add numbers of all processes, uint16 [any], whose sum is below 2^16."""
        # As float32, which every kind of device can add, and which is exact below 2^24.
        added = self._add(tf.constant(words.astype(np.float32)))
        return added.numpy().astype(np.uint16)

    @functools.cached_property
    def _add(self) -> Callable[[tf.Tensor], tf.Tensor]:
        strategy = self.strategy
        assert strategy is not None
        local = strategy.num_replicas_in_sync // self.config.count

        def add_on_each(numbers: tf.Tensor) -> tf.Tensor:
            replica = tf.distribute.get_replica_context()
            is_first = replica.replica_id_in_sync_group % local == 0
            own = tf.where(is_first, numbers, tf.zeros_like(numbers))
            return replica.all_reduce(tf.distribute.ReduceOp.SUM, own)

        def add(numbers: tf.Tensor) -> tf.Tensor:
            added = strategy.run(add_on_each, (numbers,))
            return strategy.experimental_local_results(added)[0]

        return tf.function(add, [tf.TensorSpec([None], tf.float32)], autograph=False)

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Raise one error where another process is lost within a context.

        Raises:
            LostWorkerError: instead of TensorFlow's errors.
        """
        try:
            yield
        except tf.errors.OpError as error:
            if self.strategy is None:
                raise
            raise LostWorkerError(_describe(self.config, error.message)) from error


@functools.cache
def current() -> Cluster:
    """Join the processes that TF_CONFIG names, at the first call; none where it is not set.

    Where all have appeared and one is lost before TensorFlow has connected them, this process ends
    with a line and exit code 3.

    Raises:
        UserError: TF_CONFIG can't be used, or TensorFlow has been used before.
        LostWorkerError: not all processes have joined in time.
    """
    config = ClusterConfig.from_environment(os.environ)
    if config.count == 1:
        return Cluster(config, None)
    rendezvous.wait_for_all(config, JOIN_SECONDS)
    limit = HANDSHAKE_SECONDS["GPU" if tf.config.list_physical_devices("GPU") else "CPU"]
    try:
        # Where a process is lost in this moment, TensorFlow would wait for ever, in one call.
        with time_limit.ended_after(limit, _describe(config, f"not connected within {limit} s")):
            joined = Cluster(config, tf.distribute.MultiWorkerMirroredStrategy())
            joined.from_all(config.index)
    except RuntimeError as error:
        raise UserError(
            f"{VARIABLE}: set, and TensorFlow has been used before, accepted: a search or training "
            "as the first use of TensorFlow in the program"
        ) from error
    except tf.errors.OpError as error:
        raise LostWorkerError(_describe(config, error.message)) from error
    return joined


def _describe(config: ClusterConfig, reason: str) -> str:
    line = printable((reason.splitlines() or [""])[0])
    return (
        f"another of the {config.count} processes has ended or can't be reached, so all end: start "
        f"all again to continue from the last checkpoint ({line})"
    )
