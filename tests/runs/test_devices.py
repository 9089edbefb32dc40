import pathlib

import tensorflow as tf

from snas_tf.runs import devices


def test_one_device_needs_no_distribution():
    assert devices.strategy(batch_size=3) is tf.distribute.get_strategy()


def test_recorded_versions_are_those_that_are_pinned():
    pinned = (pathlib.Path(__file__).parents[2] / "requirements.txt").read_text()
    for name, version in devices.versions().items():
        assert f"{name}=={version}" in pinned
