"""Checks that the PyTorch networks of the benchmarks compute what ours do.

    python benchmarks/agreement.py

A small parent and small children of the zoo take over our weights in random directions of theirs:
same losses, same norms of the gradients. Needs requirements-benchmark.txt.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from absl import app

from snas_tf import tensorflow_import
from snas_tf.architecture.spaces import DARTS

tensorflow_import.import_tensorflow()

import numpy as np
import tensorflow as tf
import torch
from torch.nn import functional

from benchmarks import children, pytorch_layers, pytorch_parent
from snas_tf.architecture import zoo
from snas_tf.models.description import NetworkDescription

_CELLS, _CHANNELS, _SIDE, _BATCH = 5, 4, 16, 8
_DESCRIBED = NetworkDescription(
    _CELLS, _CHANNELS, (_SIDE, _SIDE), tuple("0123456789"), (120,) * 3, (60,) * 3
)


def take_over(module, weights):
    """Sets the convolutions of an operation, or both of a factorised reduction, in their order.

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
    for kernel in arrays.get("kernels", [arrays["kernel"]] if "kernel" in arrays else []):
        yield kernel.T[:, :, None, None]


def take_over_surroundings(theirs, ours):
    """Sets stem, preprocess layers and classifier."""
    with torch.no_grad():
        (stem,) = [one for one in ours.stem[0].layers if hasattr(one, "kernel")]
        theirs.stem[0].weight.copy_(torch.from_numpy(stem.kernel.numpy().transpose(3, 2, 0, 1)))
        theirs.classify.weight.copy_(torch.from_numpy(ours.classify.kernel.numpy().T))
        theirs.classify.bias.copy_(torch.from_numpy(ours.classify.bias.numpy()))
    for cell, our_cell in zip(theirs.cells, ours.cells, strict=True):
        for module, layer in zip((cell.first, cell.second), our_cell.preprocess, strict=True):
            take_over(module, layer.unstack()[0])


def report(name, theirs, ours, their_logits, our_logits, labels):
    """Prints losses and gradients' norms; fails where they differ."""
    with tf.GradientTape() as tape:
        our_loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels, our_logits())
        )
    variables = [one.value for one in ours.trainable_variables]
    gradients = tape.gradient(our_loss, variables, unconnected_gradients="zero")
    our_norm = tf.linalg.global_norm(gradients)
    their_loss = functional.cross_entropy(their_logits(), torch.from_numpy(labels))
    their_loss.backward()
    found = [one.grad for one in theirs.parameters() if one.grad is not None]
    their_norm = torch.linalg.vector_norm(torch.cat([one.flatten() for one in found]))
    pairs = [(float(our_loss), their_loss.item()), (float(our_norm), their_norm.item())]
    print(f"{name:18}  loss {pairs[0][0]:.6f} {pairs[0][1]:.6f}  norm", *pairs[1], flush=True)
    np.testing.assert_allclose(*zip(*pairs, strict=True), rtol=1e-3)


def check_parent(pixels, labels):
    """One draw of the parent, through the whole network."""
    ours = _DESCRIBED.make_parent()
    theirs = pytorch_parent.Parent(_CELLS, _CHANNELS, torch.channels_last)
    take_over_surroundings(theirs, ours)
    for cell, our_cell in zip(theirs.cells, ours.cells, strict=True):
        for edge, operations in zip(DARTS.edges, cell.edges, strict=True):
            for operation, name in zip(operations, pytorch_parent.CANDIDATES, strict=True):
                if any(True for _ in operation.parameters()):
                    take_over(operation, our_cell.edge_weights(*edge, name))
    z = {kind: one.detach() for kind, one in theirs.draw(1.0).items()}
    theirs.log_alpha.requires_grad_(False)
    report(
        "parent",
        theirs,
        ours,
        lambda: theirs(as_torch(pixels), z),
        lambda: ours(pixels, {kind: one.numpy() for kind, one in z.items()}, training=True),
        labels,
    )


def check_child(name, pixels, labels):
    """A child without its auxiliary classifier."""
    found = zoo.genotypes()[name]
    ours = _DESCRIBED.make_child(found)
    theirs = children.pytorch_network(
        found, _CELLS, _CHANNELS, auxiliary=False, memory_format=torch.channels_last
    )
    take_over_surroundings(theirs, ours)
    for cell, our_cell in zip(theirs.cells, ours.cells, strict=True):
        for operation, weights in zip(cell.operations, our_cell.edge_weights(), strict=True):
            take_over(operation, weights)
    report(
        name,
        theirs,
        ours,
        lambda: theirs(as_torch(pixels)),
        lambda: ours(pixels, training=True),
        labels,
    )


def as_torch(pixels):
    """Images as PyTorch orders them."""
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())


def main(_):
    """Prints a line for each network."""
    pytorch_layers.configure()
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (_BATCH, _SIDE, _SIDE, 3), np.uint8)
    labels = np.arange(_BATCH) % 10
    check_parent(pixels, labels)
    for name in zoo.genotypes():
        check_child(name, pixels, labels)


if __name__ == "__main__":
    app.run(main)
