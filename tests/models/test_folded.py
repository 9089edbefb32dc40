import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import live_edges, zoo
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.spaces import DARTS
from snas_tf.models.child import ChildNetwork
from snas_tf.models.folded import FoldedChild
from tests.random_genotypes import free_genotype, randomize
from tests.slow import slow

SIZE = (9, 7)
CLASSES = 5


def make(genotype, cells=3, seed=0):
    network_plan = DARTS.plan_network(cells, 4, SIZE, genotype.output_nodes)
    child = ChildNetwork(
        genotype, network_plan, CLASSES, (120, 130, 140), (50, 60, 70), auxiliary=True
    )
    randomize(child, seed)
    return child


def images(seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, size=(2, *SIZE, 3), dtype=np.uint8)
    return tf.constant(pixels)


def operations(network):
    """The operations that a network runs on one image, in the order of the graph."""
    image = tf.TensorSpec([1, *SIZE, 3], tf.uint8)
    traced = tf.function(network, autograph=False).get_concrete_function(image)
    return traced.graph.get_operations()


def channels_read(network):
    """Channels that each kernel of stem, preprocess layers, edges and classifier reads."""
    return [
        one.inputs[1].shape[-2] for one in operations(network) if one.type in ("MatMul", "Conv2D")
    ]


def assert_folds(child):
    expected = child(images())
    np.testing.assert_allclose(FoldedChild(child)(images()), expected, rtol=1e-5, atol=1e-5)


ALIKE = ("snas_moderate", "darts_v1", "darts_v2", "amoebanet_c", "pnas", "enas")
"""Every operation of theirs is in other published cells too."""


@pytest.mark.parametrize("name", [slow(one) if one in ALIKE else one for one in zoo.genotypes()])
def test_a_published_child_gives_the_same_folded(name):
    child = make(zoo.genotypes()[name])
    assert np.ptp(child(images()), axis=0).max() > 1e-3
    assert_folds(child)


@pytest.mark.parametrize("seed", range(3))
def test_any_child_gives_the_same_folded(seed):
    """Dead nodes, nodes that go nowhere, permuted outputs (see `test_folded_cell`)."""
    assert_folds(make(free_genotype(seed), cells=3 + seed % 3, seed=seed))


DEAD = CellGenotype((), concat=(2, 3, 4, 5))
ALIVE = zoo.genotypes()["snas_mild"].cell("normal")


@pytest.mark.parametrize(
    "genotype", [Genotype((ALIVE, DEAD)), Genotype((DEAD, ALIVE)), Genotype((DEAD, DEAD))]
)
def test_a_child_with_cells_that_are_zero_gives_the_same_folded(genotype):
    assert_folds(make(genotype, cells=4))


@pytest.mark.parametrize("name", [slow("snas_aggressive"), "amoebanet_a"])
def test_no_normalization_is_left(name):
    child = make(zoo.genotypes()[name])
    assert any("BatchNorm" in one.type for one in operations(child))
    left = [one.type for one in operations(FoldedChild(child))]
    assert not [one for one in left if "BatchNorm" in one or one in ("Rsqrt", "ReadVariableOp")]


def test_what_reads_the_channels_of_dead_nodes_is_gone():
    """Of each reduction cell two nodes of four live: half of the channels that are read there."""
    reduce = CellGenotype((Edge(0, 2, "sep_conv_3x3"), Edge(1, 4, "dil_conv_3x3")))
    child = make(Genotype((ALIVE, reduce)))
    # Stem, and for each cell both preprocesses and the pointwise kernels of its edges.
    first = [3, 12, 12, *[4] * 7, 12, 16, *[8] * 3]
    assert sorted(channels_read(FoldedChild(child))) == sorted(
        [*first, 16, 2 * 8, *[16] * 3, 2 * 16]
    )
    assert sorted(channels_read(child)) == sorted([*first, 16, 4 * 8, *[16] * 3, 4 * 16])


def test_a_preprocess_that_no_edge_uses_is_gone():
    genotype = Genotype((CellGenotype((Edge(1, 2, "sep_conv_3x3"),), concat=(2,)),) * 2)
    child = make(genotype)
    pointwise = [one for one in operations(FoldedChild(child)) if one.type == "MatMul"]
    assert len(pointwise) == 3 * (1 + 2) + 1  # a cell's preprocess and its edge; the classifier


def test_a_cell_that_no_other_reads_is_gone():
    """With 3 cells the last one reduces, and this one reads but the cell before the last."""
    child = make(zoo.genotypes()["snas_aggressive"])
    assert {edge.source for edge in child.cells[2].cell.edges} == {0}
    assert_folds(child)
    depthwise = [one for one in operations(FoldedChild(child)) if "Depthwise" in one.type]
    assert len(depthwise) == sum(
        2 if edge.operation.startswith("sep") else edge.operation.startswith("dil")
        for position in (0, 2)
        for edge in child.cells[position].cell.edges
    )


@pytest.mark.parametrize("seed", [0, 1, 2, slow(3), slow(4), slow(5)])
def test_what_is_left_out_is_what_live_edges_leave_out(seed):
    genotype = free_genotype(seed)
    child = make(genotype, cells=5, seed=seed)
    folded = FoldedChild(child)
    plans = child.network_plan
    needed = {plan.index for plan in live_edges.needed_cells(genotype, plans)}
    assert {one for one in folded._needed if one >= 0} == needed
    for plan, cell in zip(plans, folded._cells, strict=True):
        assert set(cell.inputs) == live_edges.used_inputs(genotype.cell(plan.kind))
