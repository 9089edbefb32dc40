"""Flags of `--mode=search`."""

from absl import flags

from flags import common, penalty, training
from snas_tf.config import DataConfig, SearchConfig
from snas_tf.errors import UserError

_HYPERPARAMETERS = {
    "alpha_learning_rate": "Adam's rate of log alpha; default: 3 / sqrt(N) in a search of N steps.",
    "alpha_beta_1": "Adam's decay rate of the mean gradient.",
    "alpha_beta_2": "Adam's decay rate of the mean squared gradient.",
    "alpha_weight_decay": "Weight decay of log alpha; 0 for none.",
    "alpha_clip_norm": "Largest global norm of log alpha's gradient; 0 for no clipping.",
    "initial_temperature": "Temperature of the relaxation at the first step.",
    "final_temperature": "Temperature of the relaxation at the last step.",
    "skip_threshold": "Operations whose weight z is smaller do not run; 0: all run.",
}
_OWN = ("relaxation", "alpha_decay", *_HYPERPARAMETERS)
_RELAXATIONS = ("concrete", "one_hot")
_DECAYS = ("decoupled", "coupled")


def define(values: flags.FlagValues) -> None:
    """Defines the flags; every default is that of `SearchConfig`."""
    defaults = SearchConfig()
    common.define(values, DataConfig())
    training.define(values, defaults)
    penalty.define(values)
    flags.DEFINE_enum(
        "relaxation",
        defaults.relaxation,
        _RELAXATIONS,
        "How an edge draws: all operations, weighed; or one of them, several times as fast, with a "
        "tenth of --theta_learning_rate; see docs/relaxations.md.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "alpha_decay",
        defaults.alpha_decay,
        _DECAYS,
        "Weight decay of log alpha: beside Adam's step, as in AdamW; or in its gradient, and "
        "then edges stay undecided: docs/deciding.md.",
        flag_values=values,
    )
    training.define_numbers(values, _HYPERPARAMETERS, defaults)
    training.below_one(values, "alpha_beta_1", "alpha_beta_2", "skip_threshold")
    for name in ("initial_temperature", "final_temperature"):
        training.accept(values, name, lambda value: value > 0, "a number, > 0")


def config(values: flags.FlagValues) -> SearchConfig:
    """The search part of a configuration.

    Raises:
        UserError: no epoch, or flags that do not go together.
    """
    if values.epochs < 1:
        raise UserError(f"--epochs={values.epochs}: nothing to search with, accepted: 1 or more")
    if values.relaxation == "one_hot" and values.penalty_estimator != "expectation":
        raise UserError(
            f"--penalty_estimator={values.penalty_estimator}: samples relaxed draws, which "
            "--relaxation=one_hot has not, accepted: expectation"
        )
    return SearchConfig(
        **training.values_of(values),
        **penalty.values_of(values),
        **{name: getattr(values, name) for name in _OWN},
    )


def run_name(values: flags.FlagValues) -> str:
    """Name of the run directory where none is given."""
    return f"search-{values.dataset.replace('/', '-')}-{penalty.name(values)}"
