"""Where operations run, for code that differs between kinds of processors."""

import contextlib

import tensorflow as tf
from tensorflow.python.ops import control_flow_util


def has_gpu() -> bool:
    """Whether TensorFlow places operations on a GPU."""
    return bool(tf.config.list_logical_devices("GPU"))


def is_compiled() -> bool:
    """Whether XLA compiles what is traced now."""
    return control_flow_util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())


def uses_cpu_kernels() -> bool:
    """Whether what is traced now runs with TensorFlow's kernels for CPUs.

    Those of oneDNN have gaps, around which there are detours in `depthwise`, `normalization` and
    `pooling`. A GPU and XLA get the plain operations.
    """
    return not (has_gpu() or is_compiled())


def on_host() -> contextlib.AbstractContextManager:
    """Place operations on the host where there is a GPU: those that decide what runs.

    The host decides about every `tf.cond`. A predicate that is computed on a GPU would make it wait
    for the GPU each time.
    """
    return tf.device("CPU:0") if has_gpu() and not is_compiled() else contextlib.nullcontext()
