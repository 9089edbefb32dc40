import codecs
import dataclasses
import json
import os

import numpy as np
import pytest

from snas_tf.architecture import zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.errors import UserError
from snas_tf.models import description
from snas_tf.models.description import NetworkDescription

DESCRIBED = NetworkDescription(
    num_cells=3,
    init_channels=4,
    image_size=(9, 7),
    class_names=("cat", "dog", "naïve bee"),
    mean=(125.3, 122.95, 113.87),
    standard_deviation=(62.99, 62.09, 66.7),
)


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "network.json"
    path.write_text(DESCRIBED.to_json(), encoding="utf-8")
    assert description.read(path) == DESCRIBED


def test_statistics_as_numpy_gives_them_are_written_without_loss(tmp_path):
    mean = np.array([125.3, 122.95, 113.87], np.float32)
    path = tmp_path / "network.json"
    path.write_text(dataclasses.replace(DESCRIBED, mean=tuple(mean)).to_json(), encoding="utf-8")
    np.testing.assert_array_equal(np.float32(description.read(path).mean), mean)


WRITTEN = DESCRIBED.to_json()


def changed(**entries):
    return json.dumps({**json.loads(WRITTEN), **entries})


def without(name):
    return json.dumps({key: one for key, one in json.loads(WRITTEN).items() if key != name})


DAMAGED = {
    "empty": ("", "not JSON: Expecting value, line 1"),
    "half a file": (WRITTEN[: len(WRITTEN) // 2], "not JSON"),
    "followed by more": (WRITTEN + WRITTEN, "Extra data"),
    "a list": ("[]", r"received \[\], accepted: an object"),
    "null": ("null", "received None"),
    "text": ('"cifar"', "received 'cifar'"),
    "nested": ("[" * 100_000, "nested too deeply"),
    "nested entry": (changed().replace("[9, 7]", "[" * 200 + "]" * 200), "image_size: received"),
    "large": (WRITTEN + " " * 10_000_000, "larger than 8,000,000 bytes"),
    "a key twice": (WRITTEN.replace("{", '{"stem": "cifar",'), "the key 'stem' comes twice"),
    "additional key": (changed(depth=3), "unknown entry 'depth'"),
    "long key": (changed(**{"k" * 99_999: 3}), "unknown entry 'kkk"),
    "cells as text": (changed(num_cells="3"), "num_cells: received '3', accepted: a whole"),
    "cells as truth": (changed(num_cells=True), "num_cells: received True"),
    "cells with a point": (changed(num_cells=3.0), r"num_cells: received 3\.0"),
    "a cell too few": (
        changed(num_cells=-1),
        "num_cells: received -1, accepted: a whole number, 1 to",
    ),
    "absurdly many cells": (changed(num_cells=10**9), "num_cells: received 1000000000"),
    "more digits than a number": (
        changed().replace("[9,", "[9" + "9" * 9999 + ","),
        "10000 digits",
    ),
    "odd channels": (changed(init_channels=5), "init_channels: received 5, accepted: an even"),
    "no channels": (changed(init_channels=0), "init_channels: received 0"),
    "absurd channels": (changed(init_channels=10**12), "init_channels: received"),
    "a side for a size": (changed(image_size=32), "image_size: received 32"),
    "three sides": (changed(image_size=[9, 7, 3]), "image_size: received"),
    "no height": (changed(image_size=[0, 7]), r"image_size: received \[0, 7\]"),
    "negative width": (changed(image_size=[9, -7]), "image_size: received"),
    "absurd size": (changed(image_size=[10**6, 10**6]), "image_size: received"),
    "a height of true": (changed(image_size=[True, 7]), "image_size: received"),
    "numbers for names": (changed(class_names=[1, 2]), "class_names: received"),
    "text for names": (changed(class_names="ab"), "class_names: received 'ab'"),
    "no class": (changed(class_names=[]), "class_names: received"),
    "one class": (changed(class_names=["cat"]), "class_names: received"),
    "a class twice": (changed(class_names=["cat", "cat"]), "class_names: received"),
    "a name of no text": (changed(class_names=["cat", "\udcff"]), "class_names: received"),
    "long names": (changed(class_names=["c" * 99_999] * 2), "class_names: received"),
    "one mean": (changed(mean=125.3), r"mean: received 125\.3"),
    "four means": (changed(mean=[1.0] * 4), "mean: received"),
    "a mean of true": (changed(mean=[True, 1.0, 1.0]), "mean: received"),
    "a mean that is no number": (changed(mean=[float("nan"), 1.0, 1.0]), "no finite number"),
    "an infinite mean": (changed(mean=[float("inf"), 1.0, 1.0]), "no finite number"),
    "a mean beyond all": (changed().replace("125.3", "1e400"), "no finite number"),
    "a mean of another scale": (changed(mean=[-1.0, 1.0, 1.0]), "mean: received"),
    "two deviations": (changed(standard_deviation=[1.0] * 2), "standard_deviation: received"),
    "no deviation": (changed(standard_deviation=[0.0, 1.0, 1.0]), "standard_deviation: received"),
    "negative": (changed(standard_deviation=[-1.0, 1.0, 1.0]), "standard_deviation: received"),
    "unknown stem": (changed(stem="resnet"), "stem: received 'resnet', accepted: one of cifar, im"),
    "unknown preprocessing": (changed(preprocessing="x"), "preprocessing: received 'x', accepted"),
    "a list for a stem": (changed(stem=["cifar"]), "stem: received"),
    **{f"no {name}": (without(name), f"{name} is missing") for name in json.loads(WRITTEN)},
}


@pytest.mark.parametrize(("content", "message"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_the_users_to_mend(content, message, tmp_path):
    path = tmp_path / "network.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"no description of a network .*{message}") as caught:
        description.read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 300


def test_what_is_no_readable_file_is_the_users_to_mend(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "binary").write_bytes(b"\xff\x80")
    for path in (tmp_path / "gone", tmp_path, tmp_path / "pipe", tmp_path / "binary"):
        with pytest.raises(UserError, match="no description of a network"):
            description.read(path)


def test_a_byte_order_mark_and_other_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "network.json"
    path.write_bytes(codecs.BOM_UTF8 + WRITTEN.replace("\n", "\r\n").encode())
    assert description.read(path) == DESCRIBED


def test_the_names_of_many_classes_are_read(tmp_path):
    names = tuple(f"n{index:08d}, a name of some length" for index in range(50_000))
    described = dataclasses.replace(DESCRIBED, class_names=names)
    path = tmp_path / "network.json"
    path.write_text(described.to_json())
    assert description.read(path) == described


def test_it_makes_a_parent_and_any_child_of_its_size():
    parent, genotype = DESCRIBED.make_parent(), zoo.genotypes()["amoebanet_a"]
    child = DESCRIBED.make_child(genotype, auxiliary=True)
    assert parent.network_plan == DARTS.plan_network(3, 4, (9, 7))
    assert child.network_plan == DARTS.plan_network(3, 4, (9, 7), {"normal": 3, "reduce": 3})
    assert child.genotype == genotype
    assert child.auxiliary is not None
    assert DESCRIBED.make_child(genotype).auxiliary is None
    for network in (parent, child):
        assert network.num_classes == 3
        np.testing.assert_array_equal(network.mean, DESCRIBED.mean)
        np.testing.assert_array_equal(network.standard_deviation, DESCRIBED.standard_deviation)
