import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import space, zoo
from snas_tf.data import images as data_images
from snas_tf.models.child import ChildNetwork
from snas_tf.models.serving import Server
from tests.random_children import randomize

SIZE = (8, 6)
NAMES = ("cat", "dog", "bee")


def make(name="snas_aggressive", size=SIZE):
    found = zoo.genotypes()[name]
    plans = space.plan_network(3, 4, size, found.output_nodes)
    child = ChildNetwork(found, plans, len(NAMES), (120, 130, 140), (50, 60, 70))
    randomize(child)
    return child


def images(size, batch=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (batch, *size, 3), dtype=np.uint8)


def serve(network, pixels, size=SIZE):
    server = Server(network, size, NAMES)
    return server.serve(tf.constant(pixels))


def softmax(logits):
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("size", "batch"), [((1, 1), 3), ((5, 9), 1), ((40, 17), 3)])
def test_images_of_any_size_get_probabilities_that_sum_to_one(size, batch):
    served = serve(make(), images(size, batch))
    assert set(served) == {"probabilities", "class_names"}
    assert served["probabilities"].shape == (batch, len(NAMES))
    np.testing.assert_allclose(tf.reduce_sum(served["probabilities"], axis=1), 1, rtol=1e-5)
    assert [name.decode() for name in served["class_names"].numpy()] == list(NAMES)


def test_images_of_the_networks_size_are_served_as_they_are():
    child = make()
    served = serve(child, images(SIZE))
    expected = softmax(child(images(SIZE)).numpy().astype(float))
    np.testing.assert_allclose(served["probabilities"], expected, rtol=1e-5, atol=1e-5)


def test_other_sizes_are_averaged_over_areas_and_rounded():
    child, large = make(), images((16, 18))
    blocks = large.reshape(3, 8, 2, 6, 3, 3).astype(float)
    small = np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)
    expected = softmax(child(small).numpy().astype(float))
    served = serve(child, large)
    np.testing.assert_allclose(served["probabilities"], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [(20, 13), (3, 5)])
def test_they_are_resized_as_training_images_are(size):
    child, others = make(size=(8, 8)), images(size)
    expected = softmax(child(data_images._resize(others, 8)).numpy().astype(float))
    served = serve(child, others, (8, 8))
    np.testing.assert_allclose(served["probabilities"], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["nasnet_a", "snas_mild"])
def test_nothing_served_has_a_gradient_of_its_own_of_which_loading_would_warn(name):
    server = Server(make(name), SIZE, NAMES)
    graph = server.serve.get_concrete_function().graph.as_graph_def()
    functions = [graph.node, *(function.node_def for function in graph.library.function)]
    nodes = [node for nodes in functions for node in nodes]
    assert {"MaxPool", "DepthwiseConv2dNative"} <= {node.op for node in nodes}
    assert not [node.name for node in nodes if "_gradient_op_type" in node.attr]
