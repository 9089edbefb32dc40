"""Flags of `--mode=search`."""

from absl import flags

from flags import training
from snas_tf.config import SearchConfig
from snas_tf.errors import UserError

CONSTRAINT_WEIGHTS = {"none": 0.0, "mild": 0.1, "moderate": 0.3, "aggressive": 1.0}
"""Our own levels: the paper does not say its weights. 1 is the cost of the dearest child."""

_HYPERPARAMETERS = {
    "alpha_learning_rate": "Adam rate of log alpha. A run of N steps needs about 30 / N.",
    "alpha_beta_1": "Adam's decay rate of the mean gradient.",
    "alpha_beta_2": "Adam's decay rate of the mean squared gradient.",
    "alpha_weight_decay": "L2 penalty on log alpha.",
    "alpha_clip_norm": "Largest global norm of log alpha's gradient; 0 for no clipping.",
    "initial_temperature": "Temperature of the relaxation at the first step.",
    "final_temperature": "Temperature of the relaxation at the last step.",
}


def define() -> None:
    """Defines the flags; every default is that of `SearchConfig`."""
    flags.DEFINE_enum(
        "constraint",
        None,
        list(CONSTRAINT_WEIGHTS),
        "How hard the search is pressed towards small cells; default: none.",
    )
    flags.DEFINE_float(
        "constraint_weight", None, "The weight eta of Eq. 9 itself, in place of a --constraint."
    )
    flags.register_validator(
        "constraint_weight", training.finite_and_not_negative, "accepted: >= 0"
    )
    training.define_numbers(_HYPERPARAMETERS, SearchConfig())
    training.below_one("alpha_beta_1", "alpha_beta_2")
    for name in ("initial_temperature", "final_temperature"):
        flags.register_validator(name, lambda value: value > 0, "accepted: a number, > 0")


def config(values: flags.FlagValues) -> SearchConfig:
    """The search part of a configuration.

    Raises:
        UserError: no epoch, or both --constraint and --constraint_weight are given.
    """
    if values.epochs < 1:
        raise UserError(f"--epochs={values.epochs}: nothing to search with, accepted: 1 or more")
    return SearchConfig(
        **training.values_of(values),
        constraint_weight=_constraint_weight(values),
        **{name: getattr(values, name) for name in _HYPERPARAMETERS},
    )


def _constraint_weight(values: flags.FlagValues) -> float:
    if values.constraint_weight is None:
        return CONSTRAINT_WEIGHTS[values.constraint or "none"]
    if values.constraint is not None:
        raise UserError(
            f"--constraint_weight={values.constraint_weight}: given together with "
            f"--constraint={values.constraint}, accepted: one of the two"
        )
    return values.constraint_weight


def run_name(values: flags.FlagValues) -> str:
    """Name of the run directory where none is given."""
    constraint = values.constraint or "none"
    if values.constraint_weight is not None:
        constraint = f"{values.constraint_weight:g}"
    return f"search-{values.dataset.replace('/', '-')}-{constraint}"
