"""The runtimes that serve a network: functions become calls whose time can be measured."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import tensorflow as tf

from snas_tf.errors import UserError

Call = Callable[[], Any]
"""A call with fixed inputs, which waits for the result."""


class Runtime(Protocol):
    """What runs a network."""

    def compile(self, function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> Call:
        """Compile a function, and return the call of it.

        Args:
            function: of tensors, to a tensor or several.
            signature: its inputs, all of the same known shape; the call gives it zeros.
        """


class TensorFlowRuntime:
    """TensorFlow, as it runs a SavedModel.

    Args:
        threads: threads within an operation, and operations side by side.

    Raises:
        UserError: TensorFlow has started with other threads.
    """

    def __init__(self, threads: int) -> None:
        threading = tf.config.threading
        try:
            threading.set_intra_op_parallelism_threads(threads)
            threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError as error:
            raise UserError(
                f"`threads`={threads}: TensorFlow has already started with other threads, "
                "accepted: in a process of its own"
            ) from error

    def compile(self, function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> Call:
        """See `Runtime.compile`.

        Each argument of a call takes time, so several inputs are slices of one, which are no
        copies.
        """
        first, count = signature[0], len(signature)
        stacked = tf.TensorSpec([count, *first.shape], first.dtype)
        traced = _trace(lambda x: function(*tf.unstack(x)), [stacked])
        inputs = tf.zeros(stacked.shape, stacked.dtype)
        return lambda: tf.nest.flatten(traced(inputs))[-1].numpy()


class LiteRTRuntime:
    """LiteRT's interpreter, as it runs a .tflite file.

    Args:
        threads: its threads.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def compile(self, function: Callable[..., Any], signature: Sequence[tf.TensorSpec]) -> Call:
        """See `Runtime.compile`."""
        traced = _trace(function, signature)
        content = tf.lite.TFLiteConverter.from_concrete_functions([traced]).convert()
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
