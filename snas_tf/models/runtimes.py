"""The runtimes that serve a network: functions become calls whose time can be measured."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import tensorflow as tf

from snas_tf.errors import UserError

Call = Callable[[], Any]
"""A call with fixed inputs, which waits for the result."""


class Runtime(Protocol):
    """A runtime of networks."""

    merges_equals: bool
    """Whether it computes equal operations on the same input only once, whatever their order."""

    def compile(self, function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> Call:
        """Compile a function, and return the call of it.

        Args:
            function: of tensors, to a tensor or several.
            signature: its inputs, of known shapes; the call gives it zeros.
        """


class TensorFlowRuntime:
    """TensorFlow, as it runs a SavedModel.

    Args:
        threads: threads within an operation, and operations side by side; None for what it has.

    Raises:
        UserError: TensorFlow has started with other threads.
    """

    merges_equals = False

    def __init__(self, threads: int | None = None) -> None:
        if threads is not None:
            _set_threads(threads)

    def compile(self, function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> Call:
        """See `Runtime.compile`."""
        traced = _trace(function, signature)
        inputs = [tf.zeros(one.shape, one.dtype) for one in signature]
        return lambda: tf.nest.flatten(traced(*inputs))[-1].numpy()


def _set_threads(threads: int) -> None:
    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise UserError(
            f"`threads`={threads}: TensorFlow has already started with other threads, accepted: in "
            "a process of its own"
        ) from error


class LiteRTRuntime:
    """LiteRT's interpreter, as it runs a .tflite file.

    Args:
        threads: its threads.
    """

    merges_equals = True

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def compile(self, function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> Call:
        """See `Runtime.compile`."""
        traced, holder = _trace(function, signature), tf.Module()
        content = tf.lite.TFLiteConverter.from_concrete_functions([traced], holder).convert()
        with warnings.catch_warnings():
            # TensorFlow's copy of the interpreter announces its removal.
            warnings.simplefilter("ignore", UserWarning)
            interpreter = tf.lite.Interpreter(model_content=content, num_threads=self._threads)
        interpreter.allocate_tensors()
        for one in interpreter.get_input_details():
            interpreter.set_tensor(one["index"], tf.zeros(one["shape"], one["dtype"]).numpy())
        return interpreter.invoke


def _trace(function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> Any:
    return tf.function(function, list(signature), autograph=False).get_concrete_function()


RUNTIMES: dict[str, Callable[[int], Runtime]] = {
    "tensorflow": TensorFlowRuntime,
    "litert": LiteRTRuntime,
}
"""By the names of `architecture.latency_table.RUNTIMES`; from the number of threads."""
