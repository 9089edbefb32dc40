"""Parent and child of NAS-Bench-201 against a statement in NumPy, values and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.edge_text import from_text, to_text
from snas_tf.architecture.genotype import derive
from snas_tf.architecture.network_cost import child_cost
from snas_tf.architecture.spaces import NASBENCH201
from snas_tf.models.child import ChildNetwork
from snas_tf.models.folded import FoldedChild
from snas_tf.models.inheritance import inherit
from snas_tf.models.parent import ParentNetwork
from tests.models.nasbench201_statement import Statement
from tests.random_genotypes import randomize

CLASSES, SIDE, BATCH = 3, 8, 6
PLAN = NASBENCH201.plan_network(2, 4, (SIDE, SIDE))
STATISTICS = (CLASSES, np.array([120.0, 110, 100]), np.array([60.0, 70, 80]))
CELLS = (
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|nor_conv_3x3~2|",
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
)


def make_parent(seed=0):
    keras.utils.set_random_seed(seed)  # `randomize` scales the initial values.
    parent = ParentNetwork(PLAN, *STATISTICS, skip_threshold=0)
    randomize(parent, seed)
    return parent


def make_child(text, seed=0):
    keras.utils.set_random_seed(seed)
    child = ChildNetwork(from_text(text), PLAN, *STATISTICS)
    randomize(child, seed)
    return child


def batch():
    generator = np.random.default_rng(1)
    images = generator.integers(0, 256, (BATCH, SIDE, SIDE, 3), dtype=np.uint8)
    return images, generator.integers(0, CLASSES, BATCH)


def edges_of_parent(z):
    """Every operation on every edge but zero."""

    def edges_of(cell):
        for row, (source, target) in enumerate(NASBENCH201.edges):
            for column, name in enumerate(NASBENCH201.operations[1:], start=1):
                layer, weights = cell.convolutions.get(name), {}
                if layer is not None:
                    weights = {"kernel": (layer.stacks["kernel"], row)}
                yield source, target, name, z[row, column], weights

    return edges_of


def edges_of_child(cell):
    for index, edge in enumerate(cell.cell.edges):
        layer, weights = cell.operations.get(edge.operation), {}
        if layer is not None:
            position = cell.positions[edge.operation].index(index)
            trainable = ("kernel", "gamma", "beta")
            weights = {
                name: (layer.stacks[name], position) for name in trainable if name in layer.stacks
            }
        yield edge.source, edge.target, edge.operation, 1.0, weights


def assert_same_loss_and_slope(network, edges_of, run):
    """The losses agree, and so do the slopes along random directions of all weights."""
    images, labels = batch()
    statement = Statement(network, edges_of)
    start = {id(one): one.numpy().astype(np.float64) for one in network.trainable_variables}
    with tf.GradientTape() as tape:
        logits = run(tf.constant(images))
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, network.trainable_variables)
    np.testing.assert_allclose(loss, statement.loss(start, images, labels), rtol=1e-5)
    generator = np.random.default_rng(2)
    for _ in range(3):
        directions = {name: generator.normal(size=value.shape) for name, value in start.items()}
        slope = sum(
            float(np.sum(np.asarray(gradient, np.float64) * directions[id(variable)]))
            for variable, gradient in zip(network.trainable_variables, gradients, strict=True)
        )
        scale = np.sqrt(sum(float(np.sum(np.square(one, dtype=np.float64))) for one in gradients))
        ahead, behind = (
            statement.loss(
                {name: start[name] + step * directions[name] for name in start}, images, labels
            )
            for step in (1e-7, -1e-7)
        )
        assert slope == pytest.approx((ahead - behind) / 2e-7, rel=1e-5, abs=1e-5 * scale)


def test_the_parent_is_every_operation_on_every_edge_weighted_by_z():
    parent = make_parent()
    z = np.random.default_rng(3).dirichlet(np.ones(5), 6).astype(np.float32)
    draws = {"normal": tf.constant(z)}
    assert_same_loss_and_slope(
        parent, edges_of_parent(z), lambda images: parent(images, draws, training=True)
    )


def test_the_gradient_of_z_is_that_of_the_statement():
    parent, (images, labels) = make_parent(), batch()
    z = np.random.default_rng(3).dirichlet(np.ones(5), 6)
    variable = tf.Variable(z.astype(np.float32))
    with tf.GradientTape() as tape:
        logits = parent(tf.constant(images), {"normal": variable}, training=True)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    gradient = tape.gradient(loss, variable).numpy()
    start = {id(one): one.numpy().astype(np.float64) for one in parent.trainable_variables}
    expected = np.zeros_like(z)
    for index in np.ndindex(*z.shape):
        losses = []
        for step in (1e-6, -1e-6):
            moved = z.astype(np.float32).astype(np.float64)
            moved[index] += step
            statement = Statement(parent, edges_of_parent(moved))
            losses.append(statement.loss(start, images, labels))
        expected[index] = (losses[0] - losses[1]) / 2e-6
    np.testing.assert_allclose(gradient, expected, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_array_equal(gradient[:, 0], 0)  # Zero adds nothing.


@pytest.mark.parametrize("text", CELLS)
def test_a_child_is_one_operation_an_edge_with_scales_and_offsets(text):
    child = make_child(text)
    assert_same_loss_and_slope(child, edges_of_child, lambda images: child(images, training=True))


@pytest.mark.parametrize("text", [*CELLS, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"])
def test_what_is_exported_computes_what_the_child_does(text):
    child, (images, _) = make_child(text), batch()
    expected = child(tf.constant(images)).numpy()
    np.testing.assert_allclose(FoldedChild(child)(tf.constant(images)), expected, atol=1e-4)


def test_a_child_with_the_parents_weights_is_the_parent_with_its_one_hot_draw():
    parent, (images, _) = make_parent(), batch()
    logits = np.random.default_rng(4).normal(size=(6, 5))
    genotype = derive({"normal": logits}, NASBENCH201)
    child = ChildNetwork(genotype, PLAN, *STATISTICS)
    inherit(child, parent)
    z = {kind: tf.constant(one) for kind, one in genotype.one_hot().items()}
    expected = parent(tf.constant(images), z).numpy()
    np.testing.assert_allclose(child(tf.constant(images)), expected, rtol=1e-5, atol=1e-5)


# Parameters and multiply-adds as NAS-Bench-201 gives them (in millions, rounded to 6 digits); it
# also counts the 10 additions of the classifier's bias.
PUBLISHED = {
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|": (1.531546, 220.11969),
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|"
    "+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|": (0.129306, 15.64737),
}


@pytest.mark.parametrize("text", PUBLISHED)
def test_parameters_and_multiply_adds_are_those_of_the_benchmark(text):
    parameters, multiply_adds = PUBLISHED[text]
    plan = NASBENCH201.plan_network(5, 16, (32, 32))
    counted = child_cost(from_text(text), plan, 10)
    assert counted.parameters == round(parameters * 1e6)
    assert counted.multiply_adds == round(multiply_adds * 1e6) - 10


@pytest.mark.parametrize("text", CELLS)
def test_the_cost_model_counts_the_parameters_that_a_child_has(text):
    child = make_child(text)
    variables = sum(one.value.shape.num_elements() for one in child.trainable_variables)
    assert child_cost(from_text(text), PLAN, CLASSES).parameters == variables
    assert to_text(child.genotype) == text
