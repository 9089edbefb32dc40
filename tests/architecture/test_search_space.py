import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snas_tf.architecture import genotype, genotype_json, spaces
from snas_tf.architecture.operations import OPERATIONS
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS, NASBENCH201
from snas_tf.errors import UserError


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
            "`operations`=none,conv_9x9: 'conv_9x9' is unknown, accepted: two or",
        ),
        ({"operations": ("none",)}, "accepted: two or more"),
        ({"operations": ("none", "none")}, ": 'none' twice, accepted"),
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


KINDS = DARTS.kinds
NAMES = st.lists(st.sampled_from(sorted(OPERATIONS)), min_size=2, unique=True)


@given(NAMES, st.integers(1, 8))
def test_a_variant_has_its_own_columns_and_nodes_and_is_found_by_its_name(names, num_nodes):
    variant = DARTS.vary(names, num_nodes)
    assert variant.operations == tuple(names)
    assert variant.concat == tuple(range(2, 2 + num_nodes))
    assert variant.shape == (sum(range(2, 2 + num_nodes)), len(names))
    assert (variant.base, variant.skeleton) == (DARTS, DARTS.skeleton)
    assert spaces.get(variant.name) == variant


@given(NAMES, st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_genotype_of_a_variant_is_one_of_the_space_that_it_varies(names, num_nodes, seed):
    """Its file names no variant, and so is read where there are none."""
    variant = DARTS.vary(names, num_nodes)
    generator = np.random.default_rng(seed)
    columns = {kind: generator.integers(variant.shape[1], size=variant.shape[0]) for kind in KINDS}
    z = {kind: np.eye(variant.shape[1])[columns[kind]] for kind in KINDS}
    found = genotype.derive(z, variant)
    text = genotype_json.to_json(found)
    assert '"space"' not in text
    assert genotype_json.from_json(text) == found
    for kind in KINDS:
        np.testing.assert_array_equal(found.one_hot(variant)[kind], z[kind])


def test_a_variant_of_a_variant_is_found_too():
    variant = DARTS.vary(num_nodes=3).vary(operations=("none", "sep_conv_3x3"))
    assert variant.name == "darts:num_nodes=3:operations=none,sep_conv_3x3"
    assert spaces.get(variant.name).shape == variant.shape == (9, 2)
    assert variant.base is DARTS


def test_what_a_space_has_itself_is_no_variant():
    assert DARTS.vary() is DARTS
    assert DARTS.vary(DARTS.operations, 4) is DARTS
    assert NASBENCH201.vary(num_nodes=3) is NASBENCH201


def test_a_name_means_in_a_variant_what_it_means_in_the_space():
    variant = NASBENCH201.vary(operations=("avg_pool_3x3", "sep_conv_3x3"))
    assert variant.operation("avg_pool_3x3") == NASBENCH201.operation("avg_pool_3x3")
    assert variant.operation("avg_pool_3x3") != DARTS.operation("avg_pool_3x3")


@pytest.mark.parametrize(
    ("space", "settings", "message"),
    [
        (DARTS, {"operations": ("none", "conv_9x9")}, "`operations`=none,conv_9x9: 'conv_9x9' is"),
        (DARTS, {"operations": ("none", "none")}, "`operations`=none,none: 'none' twice, accepted"),
        (DARTS, {"operations": ("none",)}, "`operations`=none: fewer than two, accepted: two or"),
        (NASBENCH201, {"num_nodes": 2}, "`num_nodes`=2: the cells of `space`=nasbench201 have 3"),
    ],
)
def test_a_variant_that_can_not_be_is_refused_in_a_line_that_names_the_setting(
    space, settings, message
):
    with pytest.raises(UserError, match=f"^{message}"):
        space.vary(**settings)


@pytest.mark.parametrize("name", ["darts:", "darts:nodes=2", "dart:num_nodes=2", "darts:num_nodes"])
def test_a_name_that_is_no_variants_is_refused(name):
    with pytest.raises(ValueError, match=f"unknown search space '{name}', accepted: darts, "):
        spaces.get(name)
