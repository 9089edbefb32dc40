"""Tables with accuracies of every cell of a search space, as nobody has measured them."""

import csv
import itertools

import numpy as np

from snas_tf.architecture import benchmark_file, spaces
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import NASBENCH201
from snas_tf.architecture.stage_skeleton import StageSkeleton

SMALL = spaces.register(
    SearchSpace(
        "listed_in_tests",
        ("none", "skip_connect", "nor_conv_1x1"),
        kinds=("normal",),
        num_inputs=1,
        num_intermediate=2,
        outputs=(2,),
        kept_inputs=None,
        skeleton=StageSkeleton(),
    )
)
"""A space of 27 cells."""
COLUMNS = ("cifar10_test_200ep", "imagenet16_test_200ep", "cifar10_val_12ep")


def cells(space: SearchSpace = NASBENCH201):
    """The text of every cell, in an order of no meaning."""
    texts = []
    for chosen in itertools.product(space.operations, repeat=len(space.edges)):
        named = dict(zip(space.edges, chosen, strict=True))
        groups = [
            "|" + "|".join(f"{named[source, target]}~{source}" for source in range(target)) + "|"
            for target in space.intermediate_nodes
        ]
        texts.append("+".join(groups))
    return [texts[place] for place in np.random.default_rng(0).permutation(len(texts))]


def rows(space: SearchSpace = NASBENCH201, columns=COLUMNS):
    """A row for each cell, the names of the columns first; many accuracies are the same."""
    generator = np.random.default_rng(1)
    texts = cells(space)
    values = generator.integers(100, 900, (len(texts), len(columns))) / 10
    body = [[number, text, *values[number].tolist()] for number, text in enumerate(texts)]
    return [["index", "cell", *columns], *body]


def write(path, content):
    """Write rows as CSV; return the path."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(content)
    return path


def read(directory, space: SearchSpace = SMALL, columns=COLUMNS):
    """A table, read from a file that is written into a directory."""
    return benchmark_file.read(write(directory / "table.csv", rows(space, columns)), space)
