"""Flags of `--mode=search`."""

from absl import flags

from snas_tf.config import DataConfig, SearchConfig

from . import common, fields, penalty, training

_MEANINGS = {
    "relaxation": "What an edge runs at each step: all operations, weighted (concrete), or a "
    "single one (one_hot), which is several times as fast and needs a tenth of "
    "--theta_learning_rate; see docs/concepts/relaxations.md.",
    "alpha_decay": "How the weight decay of log alpha is applied: beside Adam's step, as in AdamW "
    "(decoupled), or as part of the gradient (coupled), which leaves edges undecided; see "
    "docs/concepts/deciding.md.",
    "alpha_learning_rate": "Adam's rate of log alpha; if not given, 3 / sqrt(N) in a search of N "
    "steps.",
    "alpha_beta_1": "Adam's decay rate of the mean gradient.",
    "alpha_beta_2": "Adam's decay rate of the mean squared gradient.",
    "alpha_weight_decay": "Weight decay of log alpha; 0 for none.",
    "alpha_clip_norm": "Largest global norm of log alpha's gradient; 0 for no clipping.",
    "initial_temperature": "Temperature of the relaxation at the first step.",
    "final_temperature": "Temperature of the relaxation at the last step.",
    "skip_threshold": "Operations with a smaller weight z are not computed; 0 to compute all.",
}


def define(values: flags.FlagValues) -> None:
    """Define the flags; every default is that of `SearchConfig`."""
    defaults = SearchConfig()
    common.define(values, DataConfig())
    training.define(values, defaults)
    penalty.define(values, defaults)
    fields.define(values, defaults, _MEANINGS)


def config(values: flags.FlagValues) -> SearchConfig:
    """Return the search part of a configuration.

    Raises:
        UserError: flags that do not go together.
    """
    given = fields.read(values, SearchConfig)
    return SearchConfig(**{**given, "constraint_weight": penalty.constraint_weight(values)})


def run(values: flags.FlagValues) -> None:
    """Search a cell, and print what was found."""
    configs = common.prepare(values, config(values), run_name(values))
    from snas_tf.workflows.search import report, search

    report(search(*configs), *configs)


def run_name(values: flags.FlagValues) -> str:
    """Return the name of the run directory where none is given."""
    return f"search-{values.dataset.replace('/', '-')}-{penalty.name(values)}"
