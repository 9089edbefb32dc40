"""A process that trains alone; tests/test_machines.py has several."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.config.cluster import ClusterConfig
from snas_tf.data.share import WHOLE
from snas_tf.errors import UserError
from snas_tf.runs.cluster import Cluster

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
