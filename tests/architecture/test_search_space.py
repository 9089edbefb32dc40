import dataclasses

import pytest

from snas_tf.architecture import spaces
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS


def test_a_cell_of_darts_has_the_papers_14_edges_and_8_operations():
    assert DARTS.shape == (14, 8)
    assert DARTS.edges[:5] == ((0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    assert DARTS.operations[DARTS.zero] == "none"


def test_a_space_of_other_sizes_has_its_own_edges():
    small = SearchSpace("small", ("skip_connect", "sep_conv_3x3"), num_inputs=1, num_intermediate=3)
    assert small.edges == ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    assert small.intermediate_nodes == (1, 2, 3)
    assert small.shape == (6, 2)
    assert small.zero is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"operations": ("none", "conv_9x9")},
            "operations: received .*conv_9x9.* accepted: two or",
        ),
        ({"operations": ("none",)}, "accepted: two or more"),
        ({"operations": ("none", "none")}, "none twice"),
        ({"num_inputs": 0}, "at least 1 input"),
        ({"num_intermediate": 0}, "1 intermediate node"),
    ],
)
def test_a_space_that_can_not_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(DARTS, **changes)


def test_spaces_are_found_by_name():
    assert spaces.get("darts") is DARTS
    with pytest.raises(ValueError, match="unknown search space 'dart', accepted: darts"):
        spaces.get("dart")


def test_a_registered_space_is_found_and_its_name_is_taken(monkeypatch):
    monkeypatch.setattr(spaces, "SPACES", dict(spaces.SPACES))
    small = dataclasses.replace(DARTS, name="small", num_intermediate=2)
    assert spaces.get(spaces.register(small).name) is small
    with pytest.raises(ValueError, match="another search space of the name 'small'"):
        spaces.register(dataclasses.replace(small, num_intermediate=3))
