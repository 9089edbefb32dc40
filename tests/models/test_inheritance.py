import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import genotype, zoo
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.spaces import DARTS, NASBENCH201
from snas_tf.errors import UserError
from snas_tf.models.child import ChildNetwork
from snas_tf.models.inheritance import inherit
from snas_tf.models.parent import ParentNetwork
from tests.random_genotypes import one_hot, randomize
from tests.slow import slow

STATISTICS = (3, [120, 130, 140], [50, 60, 70])


def parent_of(cells=4, size=(9, 7)):
    return ParentNetwork(DARTS.plan_network(cells, 4, size), *STATISTICS, skip_threshold=0)


@pytest.fixture(scope="module")
def parent():
    """A parent whose weights all differ; a test leaves it as it is."""
    network = parent_of()
    randomize(network)
    return network


@pytest.fixture(scope="module")
def small_parent():
    return parent_of(3)


def child_of(found, cells=4, size=(9, 7)):
    network_plan = DARTS.plan_network(cells, 4, size, found.output_nodes)
    return ChildNetwork(found, network_plan, *STATISTICS)


def images(size=(9, 7)):
    pixels = np.random.default_rng(0).integers(0, 256, (2, *size, 3), dtype=np.uint8)
    return tf.constant(pixels)


def assert_inherits(parent, z):
    child = child_of(genotype.derive(z))
    inherit(child, parent)
    expected = parent(images(), z={kind: tf.constant(rows) for kind, rows in z.items()})
    np.testing.assert_allclose(child(images()), expected, rtol=1e-5, atol=1e-5)
    return child


def test_a_child_computes_what_the_parent_does_with_its_one_hot_z(parent):
    """Any child of the space: dead nodes come with many zero operations."""
    for seed in range(4):
        assert_inherits(parent, one_hot(seed, none=(0.125, 0.6)[seed % 2]))


ALIKE = ("none", "avg_pool_3x3", "sep_conv_3x3", "dil_conv_5x5")
"""They resemble others."""


@pytest.mark.parametrize("name", [slow(one) if one in ALIKE else one for one in DARTS.operations])
def test_a_child_with_one_operation_everywhere_computes_what_the_parent_does(parent, name):
    """Among them skips at stride 2, which have weights, and no edge at all."""
    rows = np.tile(np.eye(8, dtype=np.float32)[DARTS.operations.index(name)], (14, 1))
    child = assert_inherits(parent, dict.fromkeys(DARTS.kinds, rows))
    has_weights = [bool(cell.operations) for cell in child.cells]
    strided = [cell.plan.kind == "reduce" for cell in child.cells]
    expected = {"none": [False] * 4, "skip_connect": strided}.get(name, [True] * 4)
    assert has_weights == expected


def test_scales_stay_one_and_offsets_zero_and_the_parent_is_left_alone(parent):
    before = parent.get_weights()
    child = assert_inherits(parent, one_hot(0))
    for cell in child.cells:
        for layer in [*cell.preprocess, *cell.operations.values()]:
            np.testing.assert_array_equal(layer.stacks["gamma"], 1)
            np.testing.assert_array_equal(layer.stacks["beta"], 0)
    child(images(), training=True)
    for value, same in zip(parent.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, same)


SKIP = CellGenotype((Edge(0, 2, "skip_connect"),))
OUTSIDE = {
    "operation": (
        CellGenotype((Edge(0, 2, "sep_conv_7x7"),)),
        "0 -> 2, sep_conv_7x7, is not in the",
    ),
    "node": (CellGenotype((Edge(0, 6, "skip_connect"),)), "0 -> 6, skip_connect, is not in the"),
    "more outputs": (
        zoo.genotypes()["nasnet_a"].cell("normal"),
        "concatenates nodes 2, 3, 4, 5, 6",
    ),
    "fewer outputs": (CellGenotype(SKIP.edges, (2, 3, 4)), "concatenates nodes 2, 3, 4, so"),
    "outputs in another order": (
        CellGenotype(SKIP.edges, (5, 4, 3, 2)),
        "concatenates nodes 5, 4, 3, 2",
    ),
}


@pytest.mark.parametrize("kind", DARTS.kinds)
@pytest.mark.parametrize("outside", OUTSIDE)
def test_a_genotype_outside_the_search_space_is_refused_by_name(small_parent, outside, kind):
    cell, message = OUTSIDE[outside]
    found = Genotype(tuple(cell if one == kind else SKIP for one in DARTS.kinds))
    with pytest.raises(UserError, match=rf"^`genotype`: {kind} .*{message}.* accepted: "):
        inherit(child_of(found, 3), small_parent)


def test_a_parent_of_another_size_is_refused(small_parent):
    found = Genotype((SKIP, SKIP))
    with pytest.raises(ValueError, match="the plans differ"):
        inherit(child_of(found, cells=4), small_parent)


VARIANTS = {
    "without zero": DARTS.vary(("skip_connect", "sep_conv_3x3"), 2),
    "more nodes": DARTS.vary(("nor_conv_1x1", "none", "max_pool_3x3"), 5),
    "other operations": NASBENCH201.vary(("sep_conv_3x3", "avg_pool_3x3", "skip_connect")),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_child_of_a_variant_computes_what_its_parent_does_with_its_one_hot_z(name):
    """Derived as DARTS does, so that edges are dropped where no operation is zero."""
    variant = VARIANTS[name]
    cells = variant.skeleton.least_cells
    parent = ParentNetwork(variant.plan_network(cells, 2, (8, 8)), *STATISTICS)
    randomize(parent)
    generator = np.random.default_rng(1)
    found = genotype.derive_strongest(
        {
            kind: generator.dirichlet(np.ones(variant.shape[1]), variant.shape[0])
            for kind in variant.kinds
        },
        variant,
    )
    plan = found.space.plan_network(cells, 2, (8, 8), found.output_nodes)
    child = ChildNetwork(found, plan, *STATISTICS)
    inherit(child, parent)
    z = {kind: tf.constant(rows) for kind, rows in found.one_hot(variant).items()}
    pixels = images((8, 8))
    np.testing.assert_allclose(child(pixels), parent(pixels, z=z), rtol=1e-5, atol=1e-5)
    again = ChildNetwork.from_config(child.get_config())
    again.set_weights(child.get_weights())
    np.testing.assert_array_equal(again(pixels), child(pixels))
