"""The child of the benchmarks, from flags, and its PyTorch network."""

from absl import flags

from snas_tf.architecture import zoo
from snas_tf.architecture.spaces import DARTS

flags.DEFINE_string("genotype", "snas_mild", "A cell of the zoo.")
flags.DEFINE_integer("num_cells", 20, "Cells of the child.", 3)
flags.DEFINE_integer("init_channels", 36, "Channels of its first cell.", 2)

SIDE = 32
"""Of the images, in pixels."""


def load_genotype():
    """Load the genotype that the flags name."""
    return zoo.genotypes()[flags.FLAGS.genotype]


def plan():
    """Plan the network."""
    values = flags.FLAGS
    size = (SIDE, SIDE)
    return DARTS.plan_network(
        values.num_cells, values.init_channels, size, load_genotype().output_nodes
    )


def pytorch(name, auxiliary):
    """The network of a candidate in PyTorch."""
    from benchmarks import pytorch_layers

    values = flags.FLAGS
    pytorch_layers.configure()
    memory_format = pytorch_layers.FORMATS[name]
    size = values.num_cells, values.init_channels
    return pytorch_network(load_genotype(), *size, auxiliary, memory_format)


def pytorch_network(genotype, num_cells, init_channels, auxiliary, memory_format):
    """The network of any genotype in PyTorch."""
    from benchmarks import pytorch_child

    cells = {
        kind: (
            [(edge.source, edge.target, edge.operation) for edge in genotype.cell(kind).edges],
            genotype.cell(kind).concat,
        )
        for kind in DARTS.kinds
    }
    return pytorch_child.Child(cells, num_cells, init_channels, auxiliary, memory_format)
