import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import cost, network_cost, zoo
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.spaces import DARTS
from snas_tf.models import child
from snas_tf.models.child import ChildNetwork
from tests.random_genotypes import free_genotype, one_hot, randomize

SIZE = (8, 16)  # even to the last cell: TensorFlow pads odd maps for a dilated convolution
CLASSES = 5
SEED = tf.constant([3, 4])
MILD = zoo.genotypes()["snas_mild"]


def make(genotype=MILD, cells=3, size=SIZE, auxiliary=False):
    network_plan = DARTS.plan_network(cells, 4, size, genotype.output_nodes)
    return ChildNetwork(
        genotype, network_plan, CLASSES, (120, 130, 140), (50, 60, 70), auxiliary=auxiliary
    )


def images(batch=4, size=SIZE, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (batch, *size, 3), dtype=np.uint8)
    return tf.constant(pixels)


def genotype_of(z):
    """The edges that the rows [edges = 14, operations = 8] of each kind choose."""
    return Genotype(
        tuple(
            CellGenotype(
                tuple(
                    Edge(*edge, DARTS.operations[column])
                    for edge, column in zip(DARTS.edges, rows.argmax(axis=1), strict=True)
                    if column
                )
            )
            for rows in z.values()
        )
    )


def count_parameters(network):
    everything = sum(int(np.prod(one.shape)) for one in network.trainable_variables)
    if network.auxiliary is None:
        return everything
    return everything - sum(
        int(np.prod(one.shape)) for one in network.auxiliary.trainable_variables
    )


def count_operations(network):
    """Multiply-adds of what the network runs on one image, and the poolings' operations."""
    image = tf.TensorSpec([1, *network.network_plan[0].input_size, 3], tf.uint8)
    traced = tf.function(network, autograph=False).get_concrete_function(image)
    multiply_adds = poolings = 0
    for one in traced.graph.get_operations():
        output = one.outputs[0].shape if one.outputs else None
        if one.type == "Conv2D":
            height, width, inputs, outputs = one.inputs[1].shape
            area = output[1] * output[2] * height * width * inputs * outputs
            # A factorized reduction is written as one 2 x 2 kernel, three quarters of it zeros.
            multiply_adds += area // 4 if (height, width) == (2, 2) else area
        elif one.type == "DepthwiseConv2dNative":
            height, width, _, _ = one.inputs[1].shape
            multiply_adds += output.num_elements() * height * width
        elif one.type == "MatMul":
            multiply_adds += output.num_elements() * one.inputs[1].shape[0]
        elif one.type in ("MaxPool", "AvgPool") and output[3] > 1:  # else pixels are counted
            _, height, width, _ = one.get_attr("ksize")
            if height * width > 1:  # one pixel is not pooled but picked
                poolings += output.num_elements() * height * width
    return multiply_adds, poolings


@pytest.mark.parametrize(
    ("name", "auxiliary"), [("snas_mild", False), *((name, True) for name in zoo.genotypes())]
)
def test_a_published_child_has_the_parameters_that_the_cost_model_counts(name, auxiliary):
    network = make(zoo.genotypes()[name], cells=4, size=(9, 7), auxiliary=auxiliary)
    counted = network_cost.child_cost(network.genotype, network.network_plan, CLASSES)
    assert count_parameters(network) == counted.parameters


@pytest.mark.parametrize("name", ["nasnet_a", "amoebanet_a"])
def test_a_child_with_extra_operations_runs_the_multiply_adds_that_the_cost_model_counts(name):
    network = make(zoo.genotypes()[name])
    counted = network_cost.child_cost(network.genotype, network.network_plan, CLASSES)
    assert count_operations(network) == (counted.multiply_adds, counted.pooling_flops)


@pytest.mark.parametrize("seed", range(2))
def test_the_penalty_of_a_one_hot_z_is_what_its_child_really_has_and_runs(seed):
    """The keystone: C(Z) counts the built network, less what no edge decides."""
    z = one_hot(seed, none=0.25)
    network = make(genotype_of(z), cells=4)
    around = network_cost.fixed_cost(network.network_plan, CLASSES)
    costs = network_cost.edge_costs_by_criterion(network.network_plan)
    penalized = {
        criterion: sum((z[kind] * costs[kind][criterion]).sum() for kind in DARTS.kinds)
        for criterion in cost.CRITERIA
    }
    assert penalized["parameters"] == count_parameters(network) - around.parameters
    assert penalized["flops"] == sum(count_operations(network)) - around.multiply_adds


@pytest.mark.parametrize("seed", range(2))
def test_any_genotype_makes_a_network_for_any_size(seed):
    network = make(free_genotype(seed), cells=3 + seed, size=(9, 7), auxiliary=True)
    x = images(size=(9, 7))
    assert network(x).shape == network.training_logits(x, 0.2, SEED)["logits"].shape == (4, CLASSES)
    assert np.isfinite(network(x)).all()


def test_the_tower_gives_logits_in_training_only():
    """From the map after the cell at two thirds of the depth."""
    network = make(cells=4, auxiliary=True)
    randomize(network)
    assert network(images()).shape == (4, CLASSES)
    before = [one.numpy() for one in network.auxiliary.non_trainable_variables]
    network(images(), training=True)
    for variable, value in zip(network.auxiliary.non_trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    logits = network.training_logits(images(), tf.constant(0.0), SEED)
    assert set(logits) == {"logits", "auxiliary"}
    first, x = network.stem_outputs(images(), training=True)
    for cell in network.cells[:3]:
        first, x = x, cell((first, x), training=True)
    expected = network.auxiliary(x, training=True)
    np.testing.assert_allclose(logits["auxiliary"], expected, rtol=1e-4, atol=1e-4)


def test_without_a_tower_there_are_no_auxiliary_logits():
    assert set(make().training_logits(images(), tf.constant(0.1), SEED)) == {"logits"}


def test_a_drop_probability_of_zero_drops_nothing():
    network = make()
    randomize(network)
    logits = network.training_logits(images(), tf.constant(0.0), SEED)["logits"]
    np.testing.assert_allclose(logits, network(images(), training=True), rtol=1e-4, atol=1e-5)


def test_the_same_seed_drops_the_same():
    network = make()
    randomize(network)

    def logits(seed):
        return network.training_logits(images(), tf.constant(0.4), tf.constant(seed))["logits"]

    np.testing.assert_array_equal(logits([1, 2]), logits([1, 2]))
    assert not np.allclose(logits([1, 2]), logits([1, 3]), atol=1e-3)


def test_each_example_loses_each_edge_on_its_own_at_the_given_rate():
    probability, edges, batch = 0.3, 40, 5000
    factors = child.drop_path(edges, batch, tf.constant(probability), SEED).numpy()
    dropped = factors == 0
    np.testing.assert_allclose(factors[~dropped], 1 / (1 - probability), rtol=1e-6)
    deviation = np.sqrt(probability * (1 - probability))
    assert dropped.mean() == pytest.approx(probability, abs=4 * deviation / np.sqrt(edges * batch))
    # Independent between edges and between examples: no row or column is off, no two go together.
    np.testing.assert_allclose(dropped.mean(axis=1), probability, atol=5 * deviation / batch**0.5)
    np.testing.assert_allclose(dropped.mean(axis=0), probability, atol=5 * deviation / edges**0.5)
    correlations = np.corrcoef(dropped)[~np.eye(edges, dtype=bool)]
    np.testing.assert_allclose(correlations, 0, atol=5 / batch**0.5)


def test_each_cell_drops_edges_of_its_own():
    """The tower sees zeros of an example that lost the third cell's edge, the head the fourth's."""
    cell = CellGenotype((Edge(1, 2, "sep_conv_3x3"),), concat=(2,))
    network = make(Genotype((cell, cell)), cells=4, auxiliary=True)
    randomize(network)
    logits = network.training_logits(images(batch=48), tf.constant(0.5), SEED)
    fourth = np.ptp(logits["logits"] - network.classify.bias, axis=1) == 0
    towers, counts = np.unique(logits["auxiliary"].numpy().round(4), axis=0, return_counts=True)
    zeros = towers[counts.argmax()]
    third = np.abs(logits["auxiliary"] - zeros).max(axis=1) < 1e-3
    agree = np.mean(third == fourth)
    for share in (third.mean(), fourth.mean(), agree):
        assert share == pytest.approx(0.5, abs=4 * 0.5 / 48**0.5)


def test_dropped_edges_are_not_passed_by_gradients():
    """At a probability near 1 all is dropped: only the classifier's bias still learns."""
    cell = CellGenotype((Edge(1, 2, "sep_conv_3x3"),), concat=(2,))
    network = make(Genotype((cell, cell)))
    with tf.GradientTape() as tape:
        logits = network.training_logits(images(), tf.constant(0.999999), SEED)["logits"]
        loss = tf.reduce_sum(logits * logits)
    gradients = tape.gradient(loss, network.trainable_variables)
    pairs = zip(network.trainable_variables, gradients, strict=True)
    (learning,) = [one for one, gradient in pairs if np.any(gradient)]
    assert learning is network.classify.bias


@pytest.mark.parametrize("seed", range(3))
def test_a_network_is_rebuilt_from_its_serialized_config(seed):
    network = make(free_genotype(seed), auxiliary=True)
    randomize(network)
    content = json.loads(json.dumps(keras.saving.serialize_keras_object(network)))
    again = keras.saving.deserialize_keras_object(content)
    assert again.genotype == network.genotype
    assert again.network_plan == network.network_plan
    again.set_weights(network.get_weights())
    np.testing.assert_array_equal(again(images()), network(images()))
    for name, logits in network.training_logits(images(), tf.constant(0.3), SEED).items():
        same = again.training_logits(images(), tf.constant(0.3), SEED)[name]
        np.testing.assert_array_equal(same, logits)


def test_plans_for_another_genotype_are_refused():
    network_plan = DARTS.plan_network(3, 4, SIZE)
    with pytest.raises(ValueError, match="the plan has 4 output nodes"):
        ChildNetwork(zoo.genotypes()["nasnet_a"], network_plan, CLASSES, (0, 0, 0), (1, 1, 1))


@pytest.mark.parametrize(
    ("size", "stem", "left"),
    [((2, 2), "cifar", "1 x 1"), ((4, 40), "cifar", "1 x 10"), ((32, 32), "imagenet", "1 x 1")],
)
def test_small_images_are_trained_on_without_an_auxiliary_classifier(size, stem, left, caplog):
    network_plan = DARTS.plan_network(3, 4, size, MILD.output_nodes, stem)
    with caplog.at_level("WARNING", logger="absl"):
        network = ChildNetwork(MILD, network_plan, CLASSES, np.zeros(3), np.ones(3), auxiliary=True)
    assert f"images of {size[0]} x {size[1]} leave {left}" in caplog.text
    assert "`auxiliary_weight`" in caplog.text
    logits = network.training_logits(images(size=size), tf.constant(0.1), SEED)
    assert {name: one.shape for name, one in logits.items()} == {"logits": (4, CLASSES)}
    assert not network.get_config()["auxiliary"]


def test_no_warning_where_no_auxiliary_classifier_is_asked_for_or_there_is_room(caplog):
    with caplog.at_level("WARNING", logger="absl"):
        assert make(size=(2, 2)).auxiliary is None
        assert make(size=(5, 5), auxiliary=True).auxiliary is not None
    assert not caplog.text
