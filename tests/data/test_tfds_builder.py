import socket
import time

import numpy as np
import pytest

from snas_tf.config import DataConfig
from snas_tf.data import memory_collection, tfds_builder
from snas_tf.errors import UserError
from tests.data.tiny_data_sets import load, prepare


def test_a_data_dir_that_does_not_exist_is_one_clear_error(tmp_path):
    with pytest.raises(UserError, match=r"^`data_dir`=.*/none: not a directory; accepted: "):
        memory_collection.read(DataConfig("cifar10", tmp_path / "none"))


def test_a_tfds_copy_without_class_labels_is_refused(tmp_path):
    prepare(tmp_path, "tiny", label=np.int64)
    with pytest.raises(UserError, match=r"^`dataset`=tiny: has no 8-bit image with a class label"):
        load(DataConfig("tiny", tmp_path))


def test_a_tfds_copy_without_a_training_split_is_refused(tmp_path):
    prepare(tmp_path, "tiny", splits=("validation", "test"))
    with pytest.raises(UserError, match=r"^`dataset`=tiny: has no split named train"):
        load(DataConfig("tiny", tmp_path))


@pytest.mark.parametrize(
    "name", ["cifar11", "cifar10/no_such_config", "cifar10:9.9.9", "../x", "kubric:x", "", "a b"]
)
def test_an_unknown_name_is_refused_at_once(tmp_path, name):
    started = time.monotonic()
    with pytest.raises(UserError) as raised:
        load(DataConfig(name, tmp_path))
    assert str(raised.value).startswith(f"`dataset`={name}: unknown; accepted: digits, folder")
    assert "\n" not in str(raised.value)
    assert time.monotonic() - started < 60


def test_an_unknown_name_is_answered_with_the_nearest_known_one(tmp_path):
    with pytest.raises(UserError, match=r"did you mean cifar10\?"):
        load(DataConfig("cifer10", tmp_path))


def test_without_a_network_the_message_comes_soon_and_names_the_ways_out(tmp_path, monkeypatch):
    # A proxy that nobody runs: no network, wherever the tests run.
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    started = time.monotonic()
    with pytest.raises(UserError) as raised:
        load(DataConfig("cifar10", tmp_path))
    message = str(raised.value)
    assert message.startswith("`dataset`=cifar10: no prepared copy in ")
    for way_out in ("`dataset`=digits", "`dataset`=folder `data_dir`=DIR", "prepared by TFDS"):
        assert way_out in message
    assert "\n" not in message
    assert time.monotonic() - started < 60


def test_a_host_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(tfds_builder, "_PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        assert not tfds_builder._reachable(f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert time.monotonic() - started < 60
