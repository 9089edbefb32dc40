"""The flag of a tabular benchmark, in which the cells of searches are looked up."""

from absl import flags

from snas_tf.architecture import benchmark_file
from snas_tf.architecture.benchmark_table import BenchmarkTable
from snas_tf.architecture.search_space import SearchSpace

from . import path


def define(values: flags.FlagValues) -> None:
    """Define the flag."""
    path.define(
        values,
        "benchmark_table",
        "CSV file of the accuracies of every cell of the search space, gzip allowed: found cells "
        "are looked up in it; see docs/nasbench201.md. It does not change a run, and may be given "
        "when it is finished.",
    )


def read(values: flags.FlagValues, space: SearchSpace) -> BenchmarkTable | None:
    """Read the table, if one is given.

    Raises:
        UserError: it is no table of the search space.
    """
    if values.benchmark_table is None:
        return None
    return benchmark_file.read(values.benchmark_table, space)
