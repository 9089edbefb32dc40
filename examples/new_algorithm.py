"""A new search algorithm: python examples/new_algorithm.py

An `Algorithm` has four methods: `draw` draws an architecture for a step, `train_step` learns from
a batch, `derive` derives the cells at the end, and `probabilities` gives those of the operations.
This one is SNAS with another `derive`, that of DARTS: every node keeps its two strongest edges. It
is registered under a name for `SearchConfig`.
"""

import argparse

import numpy as np
import sklearn.datasets

import snas_tf
from snas_tf.architecture.genotype import derive_strongest


class TwoInputs(snas_tf.algorithms.SNAS):
    """SNAS whose cells have two edges into every node, as published cells have."""

    def derive(self, judge):
        """Keep, of the edges into each node, two with the most probable operation."""
        alpha = {kind: one.numpy() for kind, one in self.probabilities().items()}
        return derive_strongest(alpha, self.space)


snas_tf.algorithms.register("two_inputs", TwoInputs)
# Few operations and nodes, so that the search starts soon.
CANDIDATES = ("none", "skip_connect", "max_pool_3x3", "sep_conv_3x3")
snas_tf.spaces.register(snas_tf.SearchSpace("small", CANDIDATES, num_intermediate=2))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model_dir", default="runs/new_algorithm")
    parser.add_argument("--epochs", type=int, default=20)
    args = parser.parse_args()
    digits = sklearn.datasets.load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    config = snas_tf.SearchConfig(
        algorithm="two_inputs", space="small", num_cells=3, init_channels=4, epochs=args.epochs
    )
    data, labels = snas_tf.DataConfig(mirror=False), digits.target
    found = snas_tf.search(images, labels, model_dir=args.model_dir, config=config, data=data)
    print(*found.genotype.cell("normal").edges, sep="\n")
