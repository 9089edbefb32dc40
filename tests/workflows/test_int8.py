"""The quantization of networks of random weights."""

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.models.description import NetworkDescription
from snas_tf.models.folded import FoldedChild
from snas_tf.workflows.export_formats import int8
from snas_tf.workflows.export_formats.serving import fixed_size
from tests.random_genotypes import ALL_OPERATIONS, randomize

DESCRIBED = NetworkDescription(3, 8, (8, 8), tuple("abcd"), (100.0,) * 3, (50.0, 60.0, 70.0))


def images(count, seed=0):
    """Smooth images within 40 to 200."""
    corners = np.random.default_rng(seed).uniform(40, 200, (count, 2, 2, 3))
    return tf.image.resize(corners, (8, 8)).numpy().round().astype(np.uint8)


def make_serve(operations):
    """A folded child whose nodes 2 and 3 have these operations, of stride 2 in a reduction.

    Its logits have mean 0 and deviation 2 over images, so every class is the likeliest of some.
    """
    first, second, third = operations
    edges = (Edge(0, 2, first), Edge(1, 2, second), Edge(0, 3, third))
    network = DESCRIBED.make_child(Genotype((CellGenotype(edges, (2, 3)),) * 2))
    randomize(network)
    logits = network(images(200)).numpy()
    mean, factor = logits.mean(axis=0), 2 / logits.std(axis=0)
    network.classify.kernel.assign(network.classify.kernel * factor)
    network.classify.bias.assign((network.classify.bias - mean) * factor)
    return fixed_size(FoldedChild(network), DESCRIBED, dtype=tf.float32)


def call(serve, batch):
    given = [tf.constant(one[np.newaxis], tf.float32) for one in batch]
    return np.concatenate([serve(one)["probabilities"] for one in given])


def load(data):
    interpreter = tf.lite.Interpreter(model_content=data)
    interpreter.allocate_tensors()
    return interpreter


def interpret(interpreter, batch):
    outputs = []
    for image in batch:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    return np.array(outputs)


@pytest.mark.parametrize("first", range(0, len(ALL_OPERATIONS), 3))
def test_integers_give_nearly_the_same_probabilities(first):
    serve = make_serve((*ALL_OPERATIONS, *ALL_OPERATIONS)[first : first + 3])
    given = images(50, seed=1)
    interpreter = load(int8.quantize(serve, images(100)))
    expected, found = call(serve, given), interpret(interpreter, given)
    assert len(set(expected.argmax(axis=1))) > 1
    assert np.abs(found - expected).mean() < 0.15
    (pixels,), (probabilities,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (pixels["dtype"], pixels["quantization"]) == (np.uint8, (1.0, 0))
    floats = [one["name"] for one in interpreter.get_tensor_details() if one["dtype"] == np.float32]
    assert floats == [probabilities["name"]]


def test_the_accuracies_are_those_of_the_two_networks_on_the_same_images():
    serve, given = make_serve(ALL_OPERATIONS[:3]), images(40, seed=1)
    data = int8.quantize(serve, images(5))  # So few leave a difference to be seen.
    labels = call(serve, given).argmax(axis=1)
    labels[:10] = (labels[:10] + 1) % 4
    batches = tf.data.Dataset.from_tensor_slices({"image": given, "label": labels}).batch(1)
    compared = int8.compare(batches, serve, data)
    found = interpret(load(data), given).argmax(axis=1)
    assert compared == {
        "valid_images": 40,
        "valid_accuracy_before": 0.75,
        "valid_accuracy": np.mean(found == labels),
    }


def test_without_validation_images_nothing_is_measured_and_said_so():
    compared = int8.compare(None, None, b"")
    assert compared["valid_accuracy"] is None
    assert int8.format_comparison(compared).startswith("not measured: the run has no validation")
