import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from snas_tf.errors import UserError
from snas_tf.runs import devices


@pytest.fixture
def machine(monkeypatch):
    """Make a machine with several GPUs."""

    def make(gpus):
        found = {"CPU": tf.config.list_logical_devices("CPU")[:1], "GPU": ["a GPU"] * gpus}
        monkeypatch.setattr(tf.config, "list_logical_devices", found.get)

    return make


@pytest.mark.parametrize("gpus", [0, 1])
def test_one_device_needs_no_distribution(machine, gpus):
    machine(gpus)
    assert devices.strategy(batch_size=3) is tf.distribute.get_strategy()


def test_a_batch_that_devices_can_not_share_is_refused(machine):
    machine(2)
    with pytest.raises(UserError, match="be shared by 2 devices, accepted: a multiple of 2"):
        devices.strategy(batch_size=3)


def test_the_versions_are_those_of_what_is_imported():
    assert devices.versions() == {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "tensorflow-datasets": tfds.__version__,
    }
