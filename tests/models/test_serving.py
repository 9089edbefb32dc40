import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import space, zoo
from snas_tf.data import images as data_images
from snas_tf.models.child import ChildNetwork
from snas_tf.models.folded import FoldedChild
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


ALONE = """
    import importlib.util
    import sys

    assert importlib.util.find_spec("snas_tf") is None

    import numpy as np
    import tensorflow as tf

    given = np.load(sys.argv[1])
    for path in sys.argv[2:]:
        serve = tf.saved_model.load(path).signatures["serving_default"]
        results = [
            serve(image=tf.constant(given[name]))["probabilities"].numpy() for name in given.files
        ]
        np.savez(path + ".npz", **dict(zip(given.files, results)))
"""


def test_a_saved_model_needs_nothing_of_this_package(tmp_path):
    given = {"same": images(SIZE), "larger": images((30, 41), batch=1)}
    np.savez(tmp_path / "given.npz", **given)
    servers = {
        name: Server(network, SIZE, NAMES)
        for child in [make()]
        for name, network in [("unfolded", child), ("folded", FoldedChild(child))]
    }
    paths = [str(tmp_path / name) for name in servers]
    for path, server in zip(paths, servers.values(), strict=True):
        tf.saved_model.save(server, path, signatures=server.serve)
    subprocess.run(
        [sys.executable, "-I", "-c", textwrap.dedent(ALONE), str(tmp_path / "given.npz"), *paths],
        cwd=tmp_path,
        check=True,
        timeout=120,
    )
    for path, server in zip(paths, servers.values(), strict=True):
        loaded = np.load(path + ".npz")
        for name, pixels in given.items():
            expected = server.serve(tf.constant(pixels))["probabilities"]
            np.testing.assert_allclose(loaded[name], expected, rtol=1e-5, atol=1e-5)
