import dataclasses
import json
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.cell_plan import CellPlan
from snas_tf.architecture.genotype import CellGenotype, Edge
from snas_tf.layers.child_cell import ChildCell
from tests.random_genotypes import ALL_OPERATIONS, randomize
from tests.slow import slow

CHANNELS = 4
BATCH = 3

# Every operation from each input and from an intermediate node; node 3 has a source twice, nodes 5
# and 7 are dead, what leaves 5 enters node 6, and node 4 is not concatenated.
EVERYTHING = CellGenotype(
    (
        *(Edge(source, 2, name) for name in ALL_OPERATIONS for source in (0, 1)),
        *(Edge(2, 3, name) for name in ALL_OPERATIONS),
        Edge(0, 3, "sep_conv_3x3"),
        Edge(0, 3, "sep_conv_3x3"),
        Edge(1, 4, "avg_pool_3x3"),
        Edge(4, 6, "conv_7x1_1x7"),
        Edge(5, 6, "sep_conv_5x5"),
        Edge(5, 6, "skip_connect"),
        Edge(7, 8, "skip_connect"),
    ),
    concat=(6, 2, 3, 5, 8),
)

# The kind, the size after the preprocess, the size of the input from two cells before.
PLACES = {
    "normal-even": ("normal", (8, 6), (8, 6)),
    "normal-odd": ("normal", (9, 7), (9, 7)),
    "reduce-even": ("reduce", (8, 6), (8, 6)),
    "reduce-odd": ("reduce", (9, 7), (9, 7)),
    "normal-after-reduce": ("normal", (5, 4), (10, 8)),
    "normal-after-reduce-odd": ("normal", (5, 4), (9, 7)),
    "reduce-after-reduce": ("reduce", (5, 4), (10, 7)),
}


def make(place="normal-odd", cell=EVERYTHING, seed=0):
    """A cell with random weights, and its two inputs."""
    kind, size, before = PLACES[place]
    preprocess = ("pointwise" if before == size else "factorized_reduction", "pointwise")
    stride = 2 if kind == "reduce" else 1
    plan = CellPlan(1, kind, CHANNELS, (6, 10), size, preprocess, len(cell.concat), stride)
    layer = ChildCell(plan, cell)
    randomize(layer, seed)
    generator = np.random.default_rng(seed)
    shapes = [(BATCH, *before, 6), (BATCH, *size, 10)]
    return layer, [generator.normal(size=shape).astype(np.float32) for shape in shapes]


def run(layer, inputs, **arguments):
    return layer(tuple(map(tf.constant, inputs)), **arguments).numpy()


def taps(x, window, stride=(1, 1), dilation=1, fill=0.0):
    """The input of each tap, padded symmetrically: [taps, batch, height, width, channels]."""
    reach = [(length - 1) * dilation for length in window]
    pads = [(0, 0), *((one // 2, one // 2) for one in reach), (0, 0)]
    padded = np.pad(x, pads, constant_values=fill)
    return np.stack(
        [
            padded[
                :,
                u * dilation : u * dilation + x.shape[1] : stride[0],
                v * dilation : v * dilation + x.shape[2] : stride[1],
            ]
            for u, v in np.ndindex(*window)
        ]
    )


def depthwise(x, kernel, stride, dilation):
    size, channels = kernel.shape[:2], kernel.shape[2]
    seen = taps(x, size, (stride, stride), dilation)
    return np.einsum("tbhwc,tc->bhwc", seen, kernel.reshape(-1, channels))


def convolution(x, kernel, stride):
    seen = taps(x, kernel.shape[:2], stride)
    return np.einsum("tbhwi,tio->bhwo", seen, kernel.reshape(-1, *kernel.shape[2:]))


class Statement:
    """A child cell in NumPy, from the published networks' definitions.

    Attributes:
        moved: for each normalization, in the order of use: its old statistics and the new ones.
    """

    def __init__(self, layer, training):
        self.plan, self.cell, self.training = layer.plan, layer.cell, training
        self.preprocess = [self.weights(one, 0) for one in layer.preprocess]
        self.edges, seen = [], Counter()
        for edge in self.cell.edges:
            if edge.operation == "skip_connect" and self.plan.stride(edge.source) == 1:
                self.edges.append(None)
                continue
            self.edges.append(self.weights(layer.operations[edge.operation], seen[edge.operation]))
            seen[edge.operation] += 1

    @staticmethod
    def weights(operation, index):
        return {
            name: variable.numpy().astype(float)[index]
            for name, variable in operation.stacks.items()
        }

    def normalize(self, x, weights, stage=...):
        """In training, moves the statistics: the variance over n images moves by that of n - 1."""
        mean, variance = weights["mean"][stage].copy(), weights["variance"][stage].copy()
        if self.training:
            mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
            unbiased = x.var(axis=(0, 1, 2), ddof=1)
            weights["mean"][stage] = 0.9 * weights["mean"][stage] + 0.1 * mean
            weights["variance"][stage] = 0.9 * weights["variance"][stage] + 0.1 * unbiased
        y = (x - mean) / np.sqrt(variance + 1e-5)
        return y * weights["gamma"][stage] + weights["beta"][stage]

    def reduction(self, x, weights):
        """Two 1 x 1 convolutions of stride 2, the second one pixel down and right."""
        x = np.maximum(x, 0)
        shifted = np.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)])[:, 1:, 1:]
        first, second = weights["kernels"]
        halves = [x[:, ::2, ::2] @ first, shifted[:, ::2, ::2] @ second]
        return self.normalize(np.concatenate(halves, axis=-1), weights)

    def separable(self, x, weights, stride, repeats, dilation):
        for stage in range(repeats):
            kernel = weights["depthwise"][stage][..., 0]
            x = depthwise(np.maximum(x, 0), kernel, 1 if stage else stride, dilation)
            x = self.normalize(x @ weights["pointwise"][stage], weights, stage)
        return x

    def apply(self, edge, x, weights):
        stride = self.plan.stride(edge.source)
        if edge.operation == "skip_connect":
            return x if stride == 1 else self.reduction(x, weights)
        if edge.operation == "max_pool_3x3":
            pooled = taps(x, (3, 3), (stride, stride), fill=-np.inf).max(axis=0)
            return self.normalize(pooled, weights)
        if edge.operation == "avg_pool_3x3":
            total = taps(x, (3, 3), (stride, stride)).sum(axis=0)
            count = taps(np.ones_like(x), (3, 3), (stride, stride)).sum(axis=0)
            return self.normalize(total / count, weights)
        if edge.operation == "conv_7x1_1x7":
            x = convolution(np.maximum(x, 0), weights["wide"], (1, stride))
            return self.normalize(convolution(x, weights["tall"], (stride, 1)), weights)
        if edge.operation == "max_pool_2x2":
            height, width = x.shape[1:3]
            padded = np.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)], constant_values=-np.inf)
            corners = [
                padded[:, u : u + height : stride, v : v + width : stride]
                for u, v in np.ndindex(2, 2)
            ]
            return self.normalize(np.max(corners, axis=0), weights)
        if edge.operation == "bottleneck_conv_3x3":
            within = weights["reduce"].shape[1]
            stages = slice(within), slice(within, 2 * within), slice(2 * within, None)
            x = self.normalize(np.maximum(x, 0) @ weights["reduce"], weights, stages[0])
            x = convolution(np.maximum(x, 0), weights["kernel"], (stride, stride))
            x = np.maximum(self.normalize(x, weights, stages[1]), 0)
            return self.normalize(x @ weights["expand"], weights, stages[2])
        if edge.operation.startswith("nor_conv"):
            y = convolution(np.maximum(x, 0), weights["kernel"], (stride, stride))
            return self.normalize(y, weights)
        repeats = 1 if edge.operation.startswith("dil_conv") else 2
        dilation = 2 if edge.operation.startswith("dil") else 1
        return self.separable(x, weights, stride, repeats, dilation)

    def __call__(self, inputs, drop_path=None):
        first, second = inputs
        if self.plan.preprocess[0] == "factorized_reduction":
            first = self.reduction(first, self.preprocess[0])
        else:
            first = self.projection(first, self.preprocess[0])
        nodes = {0: first, 1: self.projection(second, self.preprocess[1])}
        for node in range(2, max(edge.target for edge in self.cell.edges) + 1):
            nodes[node] = np.zeros((BATCH, *self.plan.output_size, self.plan.channels))
            for index, edge in enumerate(self.cell.edges):
                if edge.target == node:
                    y = self.apply(edge, nodes[edge.source], self.edges[index])
                    if drop_path is not None and self.edges[index] is not None:
                        y = y * drop_path[index][:, None, None, None]
                    nodes[node] = nodes[node] + y
        return np.concatenate([nodes[node] for node in self.cell.concat], axis=-1)

    def projection(self, x, weights):
        return self.normalize(np.maximum(x, 0) @ weights["kernel"], weights)


QUICK = ("normal-even", "normal-after-reduce-odd", "reduce-odd")
"""The places of the quick suite in evaluation; in training it has them all."""


@pytest.mark.parametrize("place", [one if one in QUICK else slow(one) for one in PLACES])
def test_in_evaluation_a_cell_is_its_numpy_statement(place):
    layer, inputs = make(place)
    expected = Statement(layer, training=False)(inputs)
    np.testing.assert_allclose(run(layer, inputs), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("place", PLACES)
def test_in_training_a_cell_is_its_numpy_statement_and_moves_its_statistics(place):
    """TensorFlow's fused kernel moves the variance toward the unbiased one, as PyTorch does."""
    layer, inputs = make(place)
    statement = Statement(layer, training=True)
    expected = statement(inputs)
    output = run(layer, inputs, training=True)
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    after = Statement(layer, training=False)
    pairs = zip(
        [*after.preprocess, *after.edges], [*statement.preprocess, *statement.edges], strict=True
    )
    for moved, expected in pairs:
        for name in moved or ():
            np.testing.assert_allclose(moved[name], expected[name], rtol=1e-5, atol=1e-5)


def test_evaluation_moves_nothing():
    layer, inputs = make()
    before = layer.get_weights()
    run(layer, inputs)
    for value, same in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, same)


def test_each_input_may_be_used_by_no_edge():
    layer, inputs = make(cell=CellGenotype((Edge(1, 2, "skip_connect"),), concat=(2,)))
    expected = Statement(layer, training=False)(inputs)
    np.testing.assert_allclose(run(layer, inputs), expected, rtol=1e-5, atol=1e-5)
    assert len(layer.preprocess[0].trainable_variables) == 3


@pytest.mark.parametrize("place", ["normal-odd", "reduce-odd"])
@pytest.mark.parametrize("training", [False, True])
def test_a_dead_node_and_what_skips_from_it_are_zero(place, training):
    layer, inputs = make(place)
    output = run(layer, inputs, training=training)
    nodes = dict(zip(layer.cell.concat, np.split(output, 5, axis=-1), strict=True))
    assert not nodes[5].any()
    assert not nodes[8].any()
    assert all(nodes[live].any() for live in (2, 3, 6))


def test_a_cell_without_edges_is_zero_for_any_batch():
    cell = CellGenotype((), concat=(2, 3))
    layer, inputs = make("reduce-odd", cell)
    traced = tf.function(layer, autograph=False, reduce_retracing=True)
    output = traced(tuple(map(tf.constant, inputs)))
    assert output.shape == (BATCH, 5, 4, 2 * CHANNELS)
    assert not output.numpy().any()


@pytest.mark.parametrize("place", ["normal-odd", "reduce-odd"])
def test_drop_path_scales_every_edge_but_identities(place):
    layer, inputs = make(place)
    shape = (len(EVERYTHING.edges), BATCH)
    factors = np.random.default_rng(1).uniform(0, 2, shape).astype(np.float32)
    expected = Statement(layer, training=False)(inputs, factors)
    output = run(layer, inputs, drop_path=tf.constant(factors))
    np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-5)


def test_every_kernel_scale_and_offset_has_a_gradient():
    layer, inputs = make("reduce-odd")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(layer(tuple(map(tf.constant, inputs)), training=True)))
    gradients = tape.gradient(loss, layer.trainable_variables)
    for variable, gradient in zip(layer.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
        assert np.isfinite(gradient).all(), variable.path
        assert np.any(gradient), variable.path


@pytest.mark.parametrize("place", ["normal-after-reduce", "reduce-odd"])
def test_a_cell_is_rebuilt_from_its_config_in_json(place):
    layer, inputs = make(place)
    again = ChildCell.from_config(json.loads(json.dumps(layer.get_config())))
    assert (again.plan, again.cell) == (layer.plan, layer.cell)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(run(again, inputs), run(layer, inputs))


@pytest.mark.parametrize("place", ["normal-odd", "reduce-odd"])
def test_output_shape_tells_the_truth(place):
    layer, inputs = make(place)
    shape = layer.compute_output_shape([x.shape for x in inputs])
    assert run(layer, inputs).shape[1:] == shape[1:]


def test_a_plan_for_another_number_of_output_nodes_is_refused():
    plan = dataclasses.replace(make()[0].plan, output_nodes=4)
    with pytest.raises(ValueError, match=r"4 output nodes, received: concat=\(6, 2, 3, 5, 8\)"):
        ChildCell(plan, EVERYTHING)
