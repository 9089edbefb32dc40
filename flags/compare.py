"""Flags of `--mode=compare`."""

import sys
from typing import Any

from absl import flags

from snas_tf.config import Comparison
from snas_tf.config.comparison import RANDOM_CHILDREN
from snas_tf.errors import UserError

from . import benchmark, common, comparison_entry, found_children, search

_REPLACED = ("algorithm", "seed", "num_seeds")
"""Flags of a search in whose place are --algorithms and --seeds."""

_TRAINING = "train_children"


def define(values: flags.FlagValues) -> None:
    """Define the flags: those of a search, what is compared, and the training of children."""
    search.define(values)
    for name in _REPLACED:
        delattr(values, name)
    meaning = (
        "The algorithms to compare, separated by commas: NAME, or NAME:SETTING=VALUE:... with "
        "settings of its own, such as snas,darts:darts_order=2. A setting that is given as a flag "
        "is for all that have it."
    )
    serializer: Any = flags.ArgumentSerializer()
    flags.DEFINE(_EntriesParser(), "algorithms", None, meaning, values, serializer)
    meaning = "The seeds of every search, separated by commas."
    flags.DEFINE(_SeedsParser(), "seeds", "0,1,2", meaning, values, serializer)
    meaning = "Epochs of a training of every found child, from scratch; 0 for none."
    found_children.define(values, _TRAINING, meaning)
    meaning = (
        "Cells drawn at random for each seed and trained as the children are; the best by "
        "validation accuracy counts. 0 for none."
    )
    found_children.define_integer(values, "random_children", 0, RANDOM_CHILDREN, meaning)


def adapt_defaults(values: flags.FlagValues) -> None:
    """Make the search space's own size the default, of the searches and of their children."""
    search.adapt_size(values)


def config(values: flags.FlagValues) -> Comparison:
    """Return what is compared.

    Raises:
        UserError: flags that do not go together.
    """
    if values.algorithms is None:
        raise UserError(
            "--algorithms: not given, and --mode=compare needs it; accepted: such as "
            f"--algorithms={comparison_entry.EXAMPLE}"
        )
    entries = values.algorithms
    repeated = [one for one in entries if entries.count(one) > 1]
    if repeated:
        raise UserError(f"--algorithms={','.join(entries)}: {repeated[0]} twice, accepted: once")
    comparison_entry.check_shared(values, entries)
    searches = {entry: comparison_entry.read(entry, values) for entry in entries}
    child = found_children.config(values, _TRAINING)
    return Comparison(searches, values.seeds, child, values.random_children)


def run(values: flags.FlagValues) -> None:
    """Compare, print the tables, and exit with 1 where a run is missing."""
    comparison = config(values)
    table = benchmark.read(values, comparison.search_space)
    configs = common.prepare(values, comparison, run_name(values))
    from snas_tf.workflows.compare import compare, report

    summary = compare(*configs, table)
    report(summary, configs[-1])
    if summary["missing"]:
        sys.exit(1)


def run_name(values: flags.FlagValues) -> str:
    """Return the name of the run directory where none is given."""
    return f"compare-{values.dataset.replace('/', '-')}"


class _EntriesParser(flags.ArgumentParser):
    """Names of algorithms, maybe with settings, separated by commas."""

    syntactic_help = "a list of names"

    def parse(self, argument: str | list[str]) -> list[str]:
        """Return the entries.

        Raises:
            ValueError: there is none, or an empty one.
        """
        entries = argument.split(",") if isinstance(argument, str) else argument
        entries = [one.strip() for one in entries]
        if not all(entries):
            raise ValueError(f"an empty name, accepted: names, such as {comparison_entry.EXAMPLE}")
        return entries

    def flag_type(self) -> str:
        """Return what help calls it."""
        return "list of names"


class _SeedsParser(flags.ArgumentParser):
    """Integers, separated by commas."""

    syntactic_help = "a list of integers"

    def parse(self, argument: str | tuple[int, ...]) -> tuple[int, ...]:
        """Return the seeds.

        Raises:
            ValueError: there is none, or one that is no integer.
        """
        parts = argument.split(",") if isinstance(argument, str) else argument
        try:
            return tuple(int(one) for one in parts)
        except ValueError as error:
            raise ValueError("accepted: integers, such as 0,1,2") from error

    def flag_type(self) -> str:
        """Return what help calls it."""
        return "list of integers"
