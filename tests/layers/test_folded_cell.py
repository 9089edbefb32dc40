import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.genotype import CellGenotype, Edge
from snas_tf.architecture.spaces import DARTS
from snas_tf.layers.child_cell import ChildCell
from snas_tf.layers.folded_cell import FoldedCell
from tests.random_genotypes import ALL_OPERATIONS, free_genotype, randomize

CHANNELS = 4
INPUT_CHANNELS = (6, 10)
BATCH = [2]
SEEDS = range(12)


def make(kind, cell, follows_reduction=False, seed=0):
    """A child's cell with random weights, and its two inputs."""
    preprocess = ("factorized_reduction" if follows_reduction else "pointwise", "pointwise")
    stride = 2 if kind == "reduce" else 1
    plan = CellPlan(1, kind, CHANNELS, INPUT_CHANNELS, (5, 4), preprocess, len(cell.concat), stride)
    layer = ChildCell(plan, cell)
    randomize(layer, seed)
    generator = np.random.default_rng(seed)
    sizes = [(9, 8) if follows_reduction else (5, 4), (5, 4)]
    return layer, tuple(
        tf.constant(generator.normal(size=(2, *size, channels)).astype(np.float32))
        for size, channels in zip(sizes, INPUT_CHANNELS, strict=True)
    )


def fold(layer, live=None):
    return FoldedCell(layer, live or tuple(np.ones(one, bool) for one in INPUT_CHANNELS))


def assert_equal(folded, layer, inputs):
    """The live channels agree, and the others are zero."""
    expected = layer(inputs).numpy()
    live = folded.live_outputs
    np.testing.assert_allclose(folded(inputs, BATCH), expected[..., live], rtol=1e-5, atol=1e-5)
    assert not expected[..., ~live].any()


def graph(folded, inputs):
    """The types of the operations that a folded cell runs."""
    return [
        operation.type
        for operation in tf.function(folded, autograph=False)
        .get_concrete_function(inputs, tf.constant(BATCH))
        .graph.get_operations()
    ]


@pytest.mark.parametrize("kind", DARTS.kinds)
@pytest.mark.parametrize("name", ALL_OPERATIONS)
def test_every_operation_gives_the_same_without_normalization(kind, name):
    cell = CellGenotype((Edge(0, 2, name), Edge(1, 2, name), Edge(2, 3, name)), concat=(3, 2))
    layer, inputs = make(kind, cell)
    folded = fold(layer)
    assert folded.live_outputs.all()
    assert_equal(folded, layer, inputs)
    assert not any("BatchNorm" in one or one == "Rsqrt" for one in graph(folded, inputs))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", DARTS.kinds)
def test_any_cell_gives_the_same_folded(kind, seed):
    layer, inputs = make(kind, free_genotype(seed).cell(kind), bool(seed % 2), seed)
    assert_equal(fold(layer), layer, inputs)


def test_random_cells_have_what_is_hard_to_fold():
    """Dead nodes, edges that leave them, cells that are zero, nodes that go nowhere."""
    cells = [free_genotype(seed).cell(kind) for seed in SEEDS for kind in DARTS.kinds]
    dead = [{*cell.nodes} - {edge.target for edge in cell.edges} for cell in cells]
    pairs = list(zip(cells, dead, strict=True))
    for found in (
        [cell for cell, none in pairs if none & set(cell.concat)],
        [cell for cell, none in pairs if any(edge.source in none for edge in cell.edges)],
        [cell for cell, none in pairs if none >= set(cell.concat)],
        [cell for cell in cells if set(cell.nodes) - set(cell.concat)],
        [
            cell
            for cell in cells
            if len({(one.source, one.target) for one in cell.edges}) < len(cell.edges)
        ],
    ):
        assert found


@pytest.mark.parametrize("kind", DARTS.kinds)
def test_what_a_dead_node_sends_on_is_a_constant_map(kind):
    """A convolution pads after the offset of the one before, so the map is not flat."""
    edges = (Edge(0, 2, "sep_conv_3x3"), Edge(4, 5, "sep_conv_5x5"), Edge(5, 6, "sep_conv_3x3"))
    layer, inputs = make(kind, CellGenotype(edges, concat=(2, 4, 6)))
    folded = fold(layer)
    assert_equal(folded, layer, inputs)
    np.testing.assert_array_equal(folded.live_outputs, np.repeat([True, False, True], CHANNELS))
    constant = folded(inputs, BATCH).numpy()[..., CHANNELS:]
    np.testing.assert_array_equal(constant[0], constant[1])
    assert np.ptp(constant[0], axis=(0, 1)).min() > 0
    assert graph(folded, inputs).count("DepthwiseConv2dNative") == 2


def test_what_reaches_no_output_is_not_computed():
    edges = (
        Edge(1, 2, "sep_conv_3x3"),
        Edge(0, 3, "dil_conv_3x3"),  # node 3 goes nowhere
        Edge(3, 4, "max_pool_3x3"),  # nor does node 4
    )
    layer, inputs = make("normal", CellGenotype(edges, concat=(2,)))
    folded = fold(layer)
    assert_equal(folded, layer, inputs)
    found = graph(folded, inputs)
    assert found.count("DepthwiseConv2dNative") == 2
    assert found.count("MatMul") == 3  # two pointwise ones and the preprocess of input 1
    assert found.count("MaxPool") == 0
    other = (inputs[0] * np.nan, inputs[1])
    np.testing.assert_array_equal(folded(other, BATCH), folded(inputs, BATCH))


@pytest.mark.parametrize("follows_reduction", [False, True])
def test_channels_that_are_always_zero_are_not_read(follows_reduction):
    edges = (Edge(0, 2, "skip_connect"), Edge(1, 2, "sep_conv_3x3"))
    layer, inputs = make("normal", CellGenotype(edges, concat=(2,)), follows_reduction)
    live = tuple(np.arange(one) % 3 > 0 for one in INPUT_CHANNELS)
    expected = layer(tuple(x * mask for x, mask in zip(inputs, live, strict=True)))
    kept = tuple(tf.boolean_mask(x, mask, axis=3) for x, mask in zip(inputs, live, strict=True))
    np.testing.assert_allclose(fold(layer, live)(kept, BATCH), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", DARTS.kinds)
def test_a_cell_without_edges_keeps_a_map_of_zeros(kind):
    layer, inputs = make(kind, CellGenotype((), concat=(2, 4)))
    folded = fold(layer)
    assert_equal(folded, layer, inputs)
    assert folded.live_outputs.any()
    assert not {"MatMul", "Conv2D"} & set(graph(folded, inputs))


def test_the_weights_are_copied():
    layer, inputs = make("normal", CellGenotype((Edge(0, 2, "sep_conv_3x3"),), concat=(2,)))
    folded = fold(layer)
    before = folded(inputs, BATCH).numpy()
    randomize(layer, seed=5)
    np.testing.assert_array_equal(folded(inputs, BATCH), before)
