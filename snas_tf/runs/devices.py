"""Devices, and versions of packages."""

import contextlib
import functools
import importlib.metadata
import os
from collections.abc import Iterator

import tensorflow as tf

from snas_tf.errors import UserError

_RECORDED = ("tensorflow", "keras", "numpy", "tensorflow-datasets")


def strategy(batch_size: int, jit_compile: bool = False) -> tf.distribute.Strategy:
    """Make the strategy for all GPUs of this machine, or its one device.

    Several logical CPU devices count as GPUs do, for tests.

    Args:
        batch_size: images a step, over all replicas.
        jit_compile: whether XLA will compile the step, which it can for one device.

    Raises:
        UserError: the devices can't share a batch equally, or XLA can't compile for them.
    """
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) == 1:
        return tf.distribute.get_strategy()
    if batch_size % len(devices):
        raise UserError(
            f"`batch_size`={batch_size}: can't be shared by {len(devices)} devices, "
            f"accepted: a multiple of {len(devices)}"
        )
    if jit_compile:
        raise UserError(
            f"`jit_compile`=True: there are {len(devices)} devices, accepted: with one device"
        )
    return _mirror(tuple(device.name for device in devices))


@functools.cache
def _mirror(names: tuple[str, ...]) -> tf.distribute.Strategy:
    """Make the one strategy of these devices: a second one would reuse the first one's keys."""
    return tf.distribute.MirroredStrategy(names)


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def configure(deterministic: bool = False) -> None:
    """Configure TensorFlow for networks of many small branches, before its first use.

    A cell has dozens of branches that can run side by side, so on CPUs every operation gets one
    core, instead of every core one operation after the other. GPUs keep TensorFlow's defaults, and
    so does a program that only calls this package: see `fast_start`.

    Args:
        deterministic: compute bit for bit the same each time, on GPUs too.
    """
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    if not has_gpu():
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(os.cpu_count() or 1)
        _skip_graph_optimizer(True)


@contextlib.contextmanager
def fast_start() -> Iterator[None]:
    """Disable TensorFlow's graph optimizer on CPUs within a context.

    For the parent, it takes longer than everything else before the first step, without benefit.
    """
    before = tf.config.optimizer.get_experimental_options().get("disable_meta_optimizer", False)
    if not has_gpu():
        _skip_graph_optimizer(True)
    try:
        yield
    finally:
        _skip_graph_optimizer(before)


def _skip_graph_optimizer(skip: bool) -> None:
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": skip})


def versions() -> dict[str, str]:
    """Return the versions of the packages that affect results, by name."""
    return {name: importlib.metadata.version(name) for name in _RECORDED}
