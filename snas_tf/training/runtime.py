"""The machine a run has: its devices, and the versions it runs on."""

import importlib.metadata

import tensorflow as tf

_RECORDED = ("tensorflow", "keras", "numpy", "tensorflow-datasets")


def strategy(batch_size: int) -> tf.distribute.Strategy:
    """Every GPU of this machine, or its one device.

    Logical CPU devices count when there are several, which is how distribution is tested.

    Args:
        batch_size: images a step, over all replicas.

    Raises:
        ValueError: the devices can't share a batch equally.
    """
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) == 1:
        return tf.distribute.get_strategy()
    if batch_size % len(devices):
        raise ValueError(f"batch_size {batch_size} is no multiple of {len(devices)} devices")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def versions() -> dict[str, str]:
    """The packages that decide a run's numbers, by name."""
    return {name: importlib.metadata.version(name) for name in _RECORDED}
