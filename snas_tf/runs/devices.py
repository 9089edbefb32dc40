"""Devices, and versions of packages."""

import contextlib
import functools
import importlib.metadata
import os
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from snas_tf.errors import UserError
from snas_tf.runs import cluster

_RECORDED = ("tensorflow", "keras", "numpy", "tensorflow-datasets")


def strategy(batch_size: int, jit_compile: bool = False) -> tf.distribute.Strategy:
    """Make the strategy for all GPUs of all machines of a run, or for one device.

    Several logical CPU devices of a machine count as GPUs do, for tests.

    Args:
        batch_size: images a step, over all replicas.
        jit_compile: whether XLA will compile the step, which it can for one device.

    Raises:
        UserError: the devices can't share a batch equally, or XLA can't compile for them.
    """
    devices = _list()
    joined = cluster.current().strategy
    replicas = len(devices) if joined is None else joined.num_replicas_in_sync
    if batch_size % replicas:
        raise UserError(
            f"`batch_size`={batch_size}: can't be shared by {replicas} devices, "
            f"accepted: a multiple of {replicas}"
        )
    if jit_compile and replicas > 1:
        raise UserError(
            f"`jit_compile`=True: there are {replicas} devices, accepted: with one device"
        )
    if joined is not None:
        return joined
    if replicas == 1:
        return tf.distribute.get_strategy()
    return _mirror(tuple(device.name for device in devices))


def _list() -> list[Any]:
    return tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")


def describe() -> dict[str, Any]:
    """Describe what has to be the same on all machines of a run, by name."""
    return {**versions(), "devices": [device.device_type for device in _list()]}


def distribute(strategy: tf.distribute.Strategy, batches: tf.data.Dataset) -> Iterator:
    """Iterate over batches of which every replica of this process gets an equal part, in order.

    No more may be taken than there are.

    Args:
        strategy: that of the replicas.
        batches: this process's share of every batch, all of one size.
    """
    if cluster.current().strategy is None:
        return iter(strategy.experimental_distribute_dataset(batches))

    def split(replicas: int, batch: Any) -> Any:
        return tf.nest.map_structure(
            lambda one: tf.reshape(one, [replicas, one.shape[0] // replicas, *one.shape[1:]]), batch
        )

    def prepare(context: tf.distribute.InputContext) -> tf.data.Dataset:
        replicas = context.num_replicas_in_sync // context.num_input_pipelines
        own = (
            batches if replicas == 1 else batches.map(functools.partial(split, replicas)).unbatch()
        )
        # Of a finite data set, the machines would ask each other before every step.
        return own.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))

    return iter(strategy.distribute_datasets_from_function(prepare))


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
