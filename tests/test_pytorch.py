"""The PyTorch networks of the benchmarks compute the same as ours.

They take over our weights: same losses, same norms of the gradients. Needs
requirements-benchmark.txt.
"""

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.models.description import NetworkDescription

torch = pytest.importorskip("torch")
from benchmarks import children, pytorch_layers, pytorch_parent  # noqa: E402

CELLS, CHANNELS, SIDE, BATCH = 5, 4, 16, 8
DESCRIBED = NetworkDescription(
    CELLS, CHANNELS, (SIDE, SIDE), tuple("0123456789"), (120,) * 3, (60,) * 3
)


def take_over(module, weights):
    """Set the convolutions of an operation, in their order.

    Args:
        module: whose convolutions are set.
        weights: ours, of one edge.
    """
    convolutions = [one for one in module.modules() if isinstance(one, torch.nn.Conv2d)]
    with torch.no_grad():
        for convolution, kernel in zip(convolutions, kernels(weights), strict=True):
            convolution.weight.copy_(torch.from_numpy(np.array(kernel)))


def kernels(weights):
    """Our kernels of an operation as PyTorch has them, [outputs, inputs, height, width] each."""
    arrays = {name: weight.numpy() for name, weight in weights.items()}
    if "depthwise" in arrays:
        for depthwise, pointwise in zip(arrays["depthwise"], arrays["pointwise"], strict=True):
            yield depthwise.transpose(2, 3, 0, 1)
            yield pointwise.T[:, :, None, None]
    for name in ("wide", "tall"):
        if name in arrays:
            yield arrays[name].transpose(3, 2, 0, 1)
    if "reduce" in arrays:
        arrays["kernels"] = [arrays[name] for name in ("reduce", "kernel", "expand")]
    for kernel in arrays.get("kernels", [arrays["kernel"]] if "kernel" in arrays else []):
        yield kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T[:, :, None, None]


def copy_fixed_weights(theirs, ours):
    """Set stem, preprocess layers and classifier."""
    with torch.no_grad():
        (stem,) = [one for one in ours.stem[0].layers if hasattr(one, "kernel")]
        theirs.stem[0].weight.copy_(torch.from_numpy(stem.kernel.numpy().transpose(3, 2, 0, 1)))
        theirs.classify.weight.copy_(torch.from_numpy(ours.classify.kernel.numpy().T))
        theirs.classify.bias.copy_(torch.from_numpy(ours.classify.bias.numpy()))
    for cell, our_cell in zip(theirs.cells, ours.cells, strict=True):
        for module, layer in zip((cell.first, cell.second), our_cell.preprocess, strict=True):
            take_over(module, layer.unstack()[0])


def as_torch(pixels):
    """Images as PyTorch orders them."""
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())


@pytest.fixture(scope="module")
def batch():
    pytorch_layers.configure()
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH, SIDE, SIDE, 3), np.uint8)
    return pixels, np.arange(BATCH) % 10


def our_loss_and_norm(network, labels, logits):
    """The loss, and the norm of the gradient of all weights."""
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits())
        loss = tf.reduce_mean(losses)
    variables = [one.value for one in network.trainable_variables]
    gradients = tape.gradient(loss, variables, unconnected_gradients="zero")
    return float(loss), float(tf.linalg.global_norm(gradients))


def their_loss_and_norm(network, labels, logits):
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
    loss.backward()
    gradients = [one.grad.flatten() for one in network.parameters() if one.grad is not None]
    return loss.item(), torch.linalg.vector_norm(torch.cat(gradients)).item()


def test_a_draw_of_the_parent(batch):
    pixels, labels = batch
    ours = DESCRIBED.make_parent()
    theirs = pytorch_parent.Parent(CELLS, CHANNELS, torch.channels_last)
    copy_fixed_weights(theirs, ours)
    for cell, our_cell in zip(theirs.cells, ours.cells, strict=True):
        for edge, operations in zip(DARTS.edges, cell.edges, strict=True):
            for operation, name in zip(operations, pytorch_parent.CANDIDATES, strict=True):
                if any(True for _ in operation.parameters()):
                    take_over(operation, our_cell.edge_weights(*edge, name))
    z = {kind: one.detach() for kind, one in theirs.draw(1.0).items()}
    theirs.log_alpha.requires_grad_(False)
    as_arrays = {kind: one.numpy() for kind, one in z.items()}
    expected = their_loss_and_norm(theirs, labels, theirs(as_torch(pixels), z))
    received = our_loss_and_norm(ours, labels, lambda: ours(pixels, as_arrays, training=True))
    np.testing.assert_allclose(received, expected, rtol=1e-3)


@pytest.mark.parametrize("name", sorted(zoo.genotypes()))
def test_a_child_without_its_auxiliary_classifier(batch, name):
    pixels, labels = batch
    genotype = zoo.genotypes()[name]
    ours = DESCRIBED.make_child(genotype)
    theirs = children.pytorch_network(
        genotype, CELLS, CHANNELS, auxiliary=False, memory_format=torch.channels_last
    )
    copy_fixed_weights(theirs, ours)
    for cell, our_cell in zip(theirs.cells, ours.cells, strict=True):
        for operation, weights in zip(cell.operations, our_cell.edge_weights(), strict=True):
            take_over(operation, weights)
    expected = their_loss_and_norm(theirs, labels, theirs(as_torch(pixels)))
    received = our_loss_and_norm(ours, labels, lambda: ours(pixels, training=True))
    np.testing.assert_allclose(received, expected, rtol=1e-3)
