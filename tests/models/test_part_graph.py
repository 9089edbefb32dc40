import collections

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import network_parts, spaces
from snas_tf.architecture.network_parts import Part
from snas_tf.models.part_graph import PartGraph

DARTS_PLAN = spaces.DARTS.plan_network(3, 4, (8, 8))
NASBENCH201_PLAN = spaces.NASBENCH201.plan_network(1, 4, (8, 8))
PARTS = [
    pytest.param(part, plan, id=f"{plan.space.name}: {part}")
    for plan in (DARTS_PLAN, NASBENCH201_PLAN)
    for part in {
        (one.kind, one.name, one.stride): one for one in network_parts.distinct_parts(plan, 10)
    }.values()
]


def inputs(graph, seed=0):
    generator = np.random.default_rng(seed)
    return [tf.cast(generator.uniform(0, 9, spec.shape), spec.dtype) for spec in graph.signature]


def count_operations(graph):
    """How often each kind of operation is in the graph of a function."""
    traced = tf.function(graph, graph.signature, autograph=False).get_concrete_function()
    return collections.Counter(one.type for one in traced.graph.get_operations())


@pytest.mark.parametrize(("part", "plan"), PARTS)
def test_the_output_of_a_part_has_its_shape(part, plan):
    graph = PartGraph(part, plan, 10, count=2)
    output = tf.nest.flatten(graph(*inputs(graph)))[-1]
    size = [-(-side // part.stride) for side in part.size]
    expected = [1, 10] if part.kind == "classifier" else [1, *size, part.channels]
    assert output.shape == expected


@pytest.mark.parametrize(("part", "plan"), PARTS)
def test_twice_the_copies_have_twice_the_operations(part, plan):
    one, two, four = (count_operations(PartGraph(part, plan, 10, count)) for count in (1, 2, 4))
    for kind in (
        "Conv2D",
        "DepthwiseConv2dNative",
        "MatMul",
        "MaxPool",
        "AvgPool",
        "ConcatV2",
        "Mean",
    ):
        assert four[kind] == 2 * two[kind] == 4 * one[kind]
    if part.kind != "concatenation" and part.name != "skip_connect":
        assert sum(one[kind] for kind in ("Conv2D", "MatMul", "MaxPool", "AvgPool")) > 0


def test_copies_of_an_operation_have_weights_of_their_own_and_are_summed():
    part = Part("operation", "sep_conv_3x3", 4, 4, (8, 8))
    graph = PartGraph(part, DARTS_PLAN, 10, count=3)
    (x,) = inputs(graph)
    outputs = [copy(x) for copy in graph._copies]
    assert np.abs(outputs[0] - outputs[1]).max() > 1e-3
    np.testing.assert_allclose(graph(x), sum(outputs), rtol=1e-5)


def test_copies_of_a_skip_are_its_input_as_often():
    graph = PartGraph(Part("operation", "skip_connect", 4, 4, (8, 8)), DARTS_PLAN, 10, count=3)
    (x,) = inputs(graph)
    np.testing.assert_allclose(graph(x), 3 * x)


def test_copies_with_inputs_of_their_own_read_one_after_the_other():
    part = Part("concatenation", "concatenation", 4, 16, (8, 8))
    graph = PartGraph(part, DARTS_PLAN, 10, count=2, own_inputs=True)
    nodes = inputs(graph)
    assert len(nodes) == 8
    for output, four in zip(graph(*nodes), (nodes[:4], nodes[4:]), strict=True):
        np.testing.assert_array_equal(output, np.concatenate(four, axis=-1))
