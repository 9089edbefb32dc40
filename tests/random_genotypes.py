"""Random genotypes and random weights, for tests of child networks."""

import numpy as np

from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.spaces import DARTS

OF_PUBLISHED_CELLS = (
    *("sep_conv_7x7", "conv_7x1_1x7", "nor_conv_1x1", "bottleneck_conv_3x3"),
    *("dil_sep_conv_5x5", "max_pool_2x2"),
)
ALL_OPERATIONS = (*DARTS.operations[1:], *OF_PUBLISHED_CELLS)


def randomize(layer, seed=0):
    """Set every variable of a layer, statistics too, to random values."""
    generator = np.random.default_rng(seed)
    for variable in layer.variables:
        value = variable.numpy()
        name = variable.name.removeprefix("moving_")
        if name == "variance":
            value = generator.uniform(0.5, 2, value.shape)
        elif name in ("mean", "beta", "bias"):
            value = generator.normal(0, 0.3, value.shape)
        elif name == "gamma":
            value = generator.normal(1, 0.3, value.shape)
        else:
            value = generator.normal(0, 2 * value.std(), value.shape)
        variable.assign(value)


def one_hot(seed, none=0.125):
    """For each kind [edges = 14, operations = 8] a one-hot Z; `none` is an edge's chance of it."""
    generator = np.random.default_rng(seed)
    chances = [none, *[(1 - none) / 7] * 7]
    return {
        kind: np.eye(8, dtype=np.float32)[generator.choice(8, size=14, p=chances)]
        for kind in DARTS.kinds
    }


def free_genotype(seed):
    """Draw a genotype, also outside of the search space: any operations, dead nodes."""
    generator = np.random.default_rng(seed)
    return Genotype(tuple(_free_cell(generator) for _ in DARTS.kinds))


def _free_cell(generator):
    edges = []
    for target in range(2, 7):
        for _ in range(generator.choice([0, 1, 2, 3], p=[0.4, 0.2, 0.3, 0.1])):
            source = int(generator.integers(target))
            edges.append(Edge(source, target, str(generator.choice(ALL_OPERATIONS))))
    generator.shuffle(edges)
    nodes = CellGenotype(tuple(edges)).nodes
    concat = generator.permutation(nodes)[: generator.integers(1, len(nodes) + 1)]
    return CellGenotype(tuple(edges), tuple(int(node) for node in concat))
