"""Flags of `--mode=tune`."""

import sys
from typing import Any

from absl import flags

from snas_tf.config import SearchConfig, TunerConfig, Tuning, algorithms
from snas_tf.config.accepted import accepted_values
from snas_tf.errors import UserError, shorten_path

from . import common, fields, found_children, penalty, pick, search, sweep_entry, training_command

_TRAINING = "trial_epochs"
_LEFT_OUT = ("num_seeds", "benchmark_table")
"""Flags of a search that a sweep does not have."""

_MEANINGS = {
    "tuner": "How the values of a trial are chosen: at random; at random, and a third of the "
    "trials continued for three times the epochs, again and again (hyperband); or where a Gaussian "
    "process expects most (bayesian).",
    "objective": "What a trial is judged by, on validation images: the accuracy of the found child "
    "with the parent's weights, of the parent, or of the trained child.",
    "trials": "Number of trials; if not given, 12, or all combinations where there are fewer. That "
    "of hyperband follows from --epochs.",
    "worker_timeout": "With several processes: seconds without a sign of life after which a worker "
    "is taken for lost, and after which the chief ends if it has none.",
}


def define(values: flags.FlagValues) -> None:
    """Define the flags: those of a search, what varies, and the training of children."""
    search.define(values)
    for name in _LEFT_OUT:
        delattr(values, name)
    meaning = (
        "A flag of a search and the values that it takes, NAME:LOW:HIGH, NAME:LOW:HIGH:log or "
        f"NAME:A,B,..., such as {sweep_entry.EXAMPLE}; repeat it for several. In its place a flag "
        "of the same name is not read."
    )
    parser: Any = _EntryParser()
    flags.DEFINE_multi(parser, flags.ArgumentSerializer(), "sweep", None, meaning, values)
    values["sweep"].help = meaning  # without what absl adds to it
    fields.define(values, TunerConfig(), _MEANINGS)
    meaning = "Epochs of a training of every found child, from scratch; 0 for none."
    found_children.define(values, _TRAINING, meaning)
    pick.define(values)


def adapt_defaults(values: flags.FlagValues) -> None:
    """Make the settings of the space, and of an algorithm that does not vary, the defaults.

    Raises:
        UserError: there is no such algorithm, or a flag of another one is given.
    """
    if any(entry.partition(":")[0].strip() == "algorithm" for entry in values.sweep or ()):
        search.adapt_size(values)
    else:
        search.adapt_defaults(values)


def config(values: flags.FlagValues) -> Tuning:
    """Return what is tuned.

    Raises:
        UserError: flags that do not go together.
    """
    if not values.sweep:
        raise UserError(
            "--sweep: not given, and --mode=tune needs it; accepted: such as "
            f"--sweep={sweep_entry.EXAMPLE}"
        )
    sweeps = {}
    for entry in values.sweep:
        name, sweep = sweep_entry.read(entry)
        if name in sweeps:
            raise UserError(f"--sweep={shorten_path(entry)}: {name} twice, accepted: once")
        sweeps[name] = sweep
    tuner = TunerConfig(**fields.read(values, TunerConfig))
    settings = _settings(values, {sweep.setting for sweep in sweeps.values()})
    tuning = Tuning(tuner, sweeps, settings, found_children.config(values, _TRAINING))
    _check_given(values, tuning)
    return tuning


def _settings(values: flags.FlagValues, swept: set[str]) -> dict[str, Any]:
    """Return the settings that are given and do not vary; levels and targets are alternatives."""
    alternatives = {search.field_of(name) for name in penalty.ALTERNATIVES}
    left_out = swept | (alternatives if swept & alternatives else set())
    accepted = accepted_values(SearchConfig)
    settings = {
        search.field_of(name): values[name].value
        for name in search.given(values)
        if search.field_of(name) in accepted and search.field_of(name) not in left_out
    }
    if not swept & alternatives:
        settings["constraint_weight"] = penalty.constraint_weight(values)
    return settings


def _check_given(values: flags.FlagValues, tuning: Tuning) -> None:
    """Check that every flag that is given is one of some algorithm that searches."""
    for name in search.given(values):
        field = search.field_of(name)
        if not any(algorithms.get(one).has(field) for one in tuning.algorithms):
            raise UserError(
                f"--{name}={values[name].value}: not a flag of --sweep=algorithm:"
                f"{','.join(tuning.algorithms)}, accepted: with "
                f"{' or '.join(algorithms.having(field))} among them"
            )


def run(values: flags.FlagValues) -> None:
    """Tune, print the front, and exit with 1 where no trial has succeeded; or pick a trial."""
    if values.pick is not None:
        pick.run(values, run_name(values))
        return
    tuning, data_config, run_config = common.prepare(values, config(values), run_name(values))
    from snas_tf.workflows.tune import report, tune

    summary = tune(tuning, data_config, run_config)
    if summary is None:  # A worker leaves the rest to the chief.
        return
    report(summary, run_config)
    training_command.print_recommended(summary, run_config.model_dir)
    if not summary["trials"] or not summary["complete"]:
        sys.exit(1)


def run_name(values: flags.FlagValues) -> str:
    """Return the name of the run directory where none is given."""
    return f"tune-{values.dataset.replace('/', '-')}"


class _EntryParser(flags.ArgumentParser):
    """A flag and its values; read when all flags are known."""

    syntactic_help = "a flag and its values"

    def parse(self, argument: str) -> str:
        """Return the entry as it is."""
        return argument

    def flag_type(self) -> str:
        """Return what help calls it."""
        return "a flag and its values"
