"""A new search algorithm: python examples/new_algorithm.py

An `Algorithm` has three seams: `draw`, an architecture for a step; `train_step`, what a batch
changes; and `derive`, the cells at the end. This one is SNAS with another `derive`, that of DARTS:
every node keeps its two strongest edges. It is registered under a name for `SearchConfig`.
"""

import argparse

import numpy as np
import sklearn.datasets

import snas_tf


class TwoInputs(snas_tf.algorithms.SNAS):
    """SNAS whose cells have two edges into every node, as published cells have."""

    def derive(self):
        """Keeps, of the edges into each node, two with the most probable operation."""
        scores = {}
        for kind, alpha in self.probabilities().items():
            alpha = np.delete(alpha.numpy(), self.space.zero, axis=1)
            scores[kind] = np.insert(alpha, self.space.zero, self._dropped(alpha), axis=1)
        return snas_tf.derive(scores, self.space)

    def _dropped(self, alpha):
        """Scores [edges] of the zero operation: 1 where it is chosen, else 0."""
        strength, targets = alpha.max(axis=1), np.array([edge[1] for edge in self.space.edges])
        dropped = np.ones(len(targets))
        for node in self.space.intermediate_nodes:
            edges = np.flatnonzero(targets == node)
            dropped[edges[strength[edges].argsort()[-2:]]] = 0
        return dropped


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
