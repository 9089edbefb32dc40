import dataclasses
import json

import numpy as np
import pytest

from snas_tf.architecture import space, zoo
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


WHOLE = json.loads(DESCRIBED.to_json())
DAMAGED = {
    "empty": "",
    "cut off": DESCRIBED.to_json()[:60],
    "no object": "[1, 2]",
    "an entry is missing": json.dumps({name: WHOLE[name] for name in WHOLE if name != "mean"}),
    "an entry too many": json.dumps({**WHOLE, "depth": 3}),
    "a number as text": json.dumps({**WHOLE, "num_cells": "3"}),
    "a number for a list": json.dumps({**WHOLE, "mean": 125.3}),
    "a list for a number": json.dumps({**WHOLE, "num_cells": [3]}),
    "classes without names": json.dumps({**WHOLE, "class_names": [1, 2]}),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_the_users_to_mend(content, tmp_path):
    path = tmp_path / "network.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="no description of a network") as caught:
        description.read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_or_binary_file_is_the_users_to_mend(tmp_path):
    with pytest.raises(UserError, match="no description"):
        description.read(tmp_path / "network.json")
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x80")
    with pytest.raises(UserError, match="no description"):
        description.read(binary)


def test_it_makes_a_parent_and_any_child_of_its_size():
    parent, found = DESCRIBED.parent(), zoo.genotypes()["amoebanet_a"]
    child = DESCRIBED.child(found, auxiliary=True)
    assert parent.plans == space.plan_network(3, 4, (9, 7))
    assert child.plans == space.plan_network(3, 4, (9, 7), {"normal": 3, "reduce": 3})
    assert child.genotype == found
    assert child.auxiliary is not None
    assert DESCRIBED.child(found).auxiliary is None
    for network in (parent, child):
        assert network.num_classes == 3
        np.testing.assert_array_equal(network.mean, DESCRIBED.mean)
        np.testing.assert_array_equal(network.standard_deviation, DESCRIBED.standard_deviation)
