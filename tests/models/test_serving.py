import functools

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from snas_tf.architecture import zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.data import crops
from snas_tf.data import images as data_images
from snas_tf.models.child import ChildNetwork
from snas_tf.models.folded import FoldedChild
from snas_tf.models.serving import ServingModule
from tests.graphs import all_nodes
from tests.random_genotypes import randomize

SIZE = (8, 6)
NAMES = ("cat", "dog", "bee")


@functools.cache
def make(name="snas_aggressive", size=SIZE):
    """Make a network that several tests read."""
    genotype = zoo.genotypes()[name]
    network_plan = DARTS.plan_network(3, 4, size, genotype.output_nodes)
    child = ChildNetwork(genotype, network_plan, len(NAMES), (120, 130, 140), (50, 60, 70))
    randomize(child)
    return child


def images(size, batch=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (batch, *size, 3), dtype=np.uint8)


def serve(network, pixels, size=SIZE, preprocess=data_images.resize_by_area):
    server = ServingModule(network, size, NAMES, preprocess)
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
    expected = softmax(child(data_images.resize(others, 8)).numpy().astype(float))
    served = serve(child, others, (8, 8))
    np.testing.assert_allclose(served["probabilities"], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["nasnet_a", "snas_mild"])
def test_nothing_served_has_a_gradient_of_its_own_of_which_loading_would_warn(name):
    server = ServingModule(make(name), SIZE, NAMES, data_images.resize_by_area)
    nodes = all_nodes(server.serve.get_concrete_function().graph)
    assert {"MaxPool", "DepthwiseConv2dNative"} <= {node.op for node in nodes}
    assert not [node.name for node in nodes if "_gradient_op_type" in node.attr]


def middle(image, size):
    """The middle of an image as Pillow cuts and resizes it."""
    side = round(min(image.shape[:2]) * 224 / 256)
    top, left = ((length - side) // 2 for length in image.shape[:2])
    window = PIL.Image.fromarray(image[top : top + side, left : left + side])
    return np.asarray(window.resize(size, PIL.Image.BILINEAR))


def test_the_middle_is_served_where_the_middle_was_evaluated():
    child, others = make(size=(8, 8)), images((40, 64))
    served = serve(child, others, (8, 8), crops.center_crop_decoded)
    expected = softmax(child(np.stack([middle(one, (8, 8)) for one in others])).numpy())
    np.testing.assert_allclose(served["probabilities"], expected, atol=0.02)
    others[:, :, :10] = others[:, :, -10:] = others[:, :2] = 0  # Outside of the middle.
    again = serve(child, others, (8, 8), crops.center_crop_decoded)
    np.testing.assert_array_equal(again["probabilities"], served["probabilities"])


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The signature of a SavedModel, and its network."""
    path, child = tmp_path_factory.mktemp("exported") / "model", make()
    server = ServingModule(FoldedChild(child), SIZE, NAMES, data_images.resize_by_area)
    tf.saved_model.save(server, str(path), signatures=server.serve)
    return tf.saved_model.load(str(path)).signatures["serving_default"], child


@pytest.mark.parametrize("size", [SIZE, (30, 20), (0, 0)])
def test_an_export_answers_an_empty_batch_with_no_probabilities(exported, size):
    result = exported[0](image=np.zeros((0, *size, 3), np.uint8))
    assert result["probabilities"].shape == (0, len(NAMES))
    assert result["class_names"].shape == (len(NAMES),)


def test_an_export_refuses_float_images_of_0_to_1(exported):
    pixels = images(SIZE).astype(np.float32) / 255
    with pytest.raises(tf.errors.InvalidArgumentError, match="accepted: uint8, 0 to 255, not floa"):
        exported[0](image=pixels)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a uint8 tensor"):
        exported[0](image=tf.constant(pixels))


@pytest.mark.parametrize("batch", [1, 3])
def test_an_export_answers_black_images(exported, batch):
    black = np.zeros((batch, *SIZE, 3), np.uint8)
    expected = softmax(exported[1](black).numpy().astype(float))
    np.testing.assert_allclose(exported[0](image=black)["probabilities"], expected, atol=1e-5)


def test_images_of_0_and_1_are_served_where_the_training_images_were_such():
    child, binary = make(), images(SIZE) // 128
    server = ServingModule(child, SIZE, NAMES, data_images.resize_by_area, refuses_scaled=False)
    served = server.serve(tf.constant(binary))
    expected = softmax(child(binary).numpy().astype(float))
    np.testing.assert_allclose(served["probabilities"], expected, atol=1e-5)


def test_an_export_takes_float_arrays_of_0_to_255(exported):
    pixels = images(SIZE)
    served = exported[0](image=pixels.astype(np.float64))
    expected = softmax(exported[1](pixels).numpy().astype(float))
    np.testing.assert_allclose(served["probabilities"], expected, atol=1e-5)


def test_an_export_answers_a_batch_in_which_some_images_are_black(exported):
    pixels = images(SIZE)
    pixels[1] = 0
    expected = softmax(exported[1](pixels).numpy().astype(float))
    np.testing.assert_allclose(exported[0](image=pixels)["probabilities"], expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(*SIZE, 3), (1, *SIZE, 4), (1, *SIZE, 1), (1, *SIZE)])
def test_an_export_refuses_images_of_other_shapes(exported, shape):
    with pytest.raises(TypeError, match="Can not cast"):
        exported[0](image=np.full(shape, 9, np.uint8))
