"""A process that trains alone; tests/test_devices.py has several."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.config.cluster import ClusterConfig
from snas_tf.data.share import WHOLE
from snas_tf.errors import LostWorkerError, UserError
from snas_tf.runs import rendezvous
from snas_tf.runs.cluster import Cluster
from tests.machines import config, free_addresses

ALONE = Cluster(ClusterConfig(), None)


def test_a_process_alone_is_the_chief_and_has_whole_batches(tmp_path):
    assert ALONE.is_chief
    assert ALONE.share == WHOLE
    with ALONE.directory(tmp_path / "run") as path:
        assert path == tmp_path / "run"


def test_a_process_alone_has_its_own_values():
    variable = keras.Variable(np.float32(0.1))
    ALONE.assign_from_chief([variable])
    assert float(variable) == np.float32(0.1)
    assert ALONE.from_chief({"a": 1}) == {"a": 1}
    assert ALONE.from_all("a") == ["a"]
    ALONE.require_same({"batch_size": 3})


def test_errors_of_a_process_alone_are_as_they_were():
    with pytest.raises(UserError, match=r"^a fault$"), ALONE.agreed():
        raise UserError("a fault")
    with pytest.raises(tf.errors.UnavailableError), ALONE.watched():
        raise tf.errors.UnavailableError(None, None, "gone")


def test_the_directory_of_others_than_the_chief_is_temporary(tmp_path):
    other = Cluster(ClusterConfig(("a:1", "b:1"), 1), None)
    with other.directory(tmp_path / "run") as path:
        path.mkdir()
        assert tmp_path not in path.parents
    assert not path.parent.exists()
    assert list(tmp_path.iterdir()) == []


class Second(Cluster):
    """The second of two processes; what the first one says is given."""

    def __init__(self, of_chief, message=None):
        super().__init__(ClusterConfig(("a:1", "b:1"), 1), None)
        self.of_chief, self.message = of_chief, message

    def from_chief(self, value):
        return self.of_chief

    def from_all(self, value):
        return [self.message, value]


def test_settings_and_versions_that_differ_are_named():
    settings = {"batch_size": 4, "tensorflow": "2.21.0", "images": {"digest": "x"}}
    Second(settings).require_same(dict(settings))
    for name, value, expected in (
        ("batch_size", 8, "`batch_size`=8: not as on a:1, which has `batch_size`=4, accepted: the"),
        ("tensorflow", "2.20.0", "`tensorflow`=2.20.0: not as on a:1, which has `tensorflow`=2.21"),
        ("images", {"digest": "y"}, "`images`: not as on a:1, accepted: the same on all machines"),
    ):
        with pytest.raises(UserError) as error:
            Second(settings).require_same({**settings, name: value})
        assert str(error.value).startswith(expected)


def test_what_another_process_refuses_is_refused_here_too():
    with pytest.raises(UserError, match=r"^a fault \(of a:1\)$"), Second({}, "a fault").agreed():
        pass


def test_an_error_of_tensorflow_becomes_one_line_that_says_what_to_do():
    two = Second({})
    two.strategy = tf.distribute.get_strategy()
    with pytest.raises(LostWorkerError) as error, two.watched():
        raise tf.errors.UnavailableError(None, None, "failed\nto connect")
    assert len(str(error.value).splitlines()) == 1
    assert "start all again to continue from the last checkpoint (failed)" in str(error.value)


def test_a_process_ends_where_another_leaves_before_tensorflow_connects_them():
    program = """
from snas_tf.runs import cluster
cluster.HANDSHAKE_SECONDS = {"CPU": 1, "GPU": 1}
cluster.current()
"""
    addresses = free_addresses(2)
    environment = {**os.environ, "TF_CONFIG": config(addresses, 0)}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as chief:
        rendezvous.wait_for_all(ClusterConfig(tuple(addresses), 1), 60)  # and leave
        *_, line = chief.communicate(timeout=20)[1].splitlines()
    assert chief.returncode == 3
    assert "another of the 2 processes has ended or can't be reached" in line
    assert "(not connected within 1 s)" in line
