"""The flag `--pick`: the best trial of a finished sweep under a limit."""

import pathlib
from typing import Any

from absl import flags

from snas_tf.workflows import picking

from . import training_command

_EXAMPLE = "parameters<1e6"


def define(values: flags.FlagValues) -> None:
    """Define the flag."""
    meaning = (
        "Of the finished sweep in --model_dir, print the most accurate trial under a limit, such "
        f"as '{_EXAMPLE}', and train nothing. Quote it: < is a sign of the shell."
    )
    serializer: Any = flags.ArgumentSerializer()
    flags.DEFINE(_LimitParser(), "pick", None, meaning, values, serializer)


def run(values: flags.FlagValues, run_name: str) -> None:
    """Print the best trial under the limit, and the command that trains its cell.

    Args:
        values: the parsed flags.
        run_name: name of the run directory under runs/ where --model_dir is not given.

    Raises:
        UserError: there is no finished sweep, or no trial under the limit.
    """
    measure, limit = values.pick
    directory = pathlib.Path(values.model_dir or pathlib.Path("runs", run_name))
    summary = picking.read(directory)
    picked = picking.pick(summary, measure, limit)
    print(picking.describe(picked, summary))
    print(training_command.make(picked, summary, directory), flush=True)


class _LimitParser(flags.ArgumentParser):
    """A measure and its limit."""

    syntactic_help = "MEASURE<LIMIT"

    def parse(self, argument: str | tuple[str, float]) -> tuple[str, float]:
        """Return the measure and the limit.

        Raises:
            ValueError: there is no such measure, or no limit.
        """
        if not isinstance(argument, str):
            return argument
        measure, _, limit = (part.strip() for part in argument.partition("<"))
        try:
            number = float(limit)
        except ValueError:
            number = 0.0
        if measure not in picking.MEASURES or not number > 0:
            measures = ", ".join(picking.MEASURES)
            raise ValueError(f"accepted: such as {_EXAMPLE}, with one of {measures}")
        return measure, number

    def flag_type(self) -> str:
        """Return what help calls it."""
        return "a measure and a limit"
