"""Flags of the network and of the training of its weights, in every mode that trains."""

import math
from typing import Any

from absl import flags

from snas_tf.config import TrainingConfig

_DEFAULTS = TrainingConfig()
_HYPERPARAMETERS = {
    "theta_learning_rate": "Initial SGD rate of the weights; falls to 0 on a cosine.",
    "theta_momentum": "SGD momentum of the weights.",
    "theta_weight_decay": "L2 penalty on the weights.",
    "theta_clip_norm": "Largest global norm of the weights' gradient; 0 for no clipping.",
}


def define() -> None:
    """Defines the flags; the defaults are a search's."""
    flags.DEFINE_integer(
        "num_cells", _DEFAULTS.num_cells, "Cells of the network; 20 of a child, if not given.", 3
    )
    flags.DEFINE_integer(
        "init_channels",
        _DEFAULTS.init_channels,
        "Channels of the first cell, even; 36 of a child, if not given.",
        2,
    )
    flags.register_validator(
        "init_channels", lambda value: value % 2 == 0, "accepted: an even number, 2 or more"
    )
    flags.DEFINE_integer(
        "epochs",
        _DEFAULTS.epochs,
        "Passes over the training images; 600 when evaluating, if not given.",
        0,
    )
    define_numbers(_HYPERPARAMETERS, _DEFAULTS)
    below_one("theta_momentum")


def define_numbers(meanings: dict[str, str], defaults: Any) -> None:
    """Defines flags that are numbers >= 0.

    Args:
        meanings: help by name.
        defaults: the config that holds the defaults.
    """
    for name, meaning in meanings.items():
        flags.DEFINE_float(name, getattr(defaults, name), meaning)
        flags.register_validator(name, finite_and_not_negative, "accepted: a number, >= 0")


def below_one(*names: str) -> None:
    """Lets only numbers under 1 pass."""
    for name in names:
        flags.register_validator(name, lambda value: value < 1, "accepted: 0 to less than 1")


def finite_and_not_negative(value: float | None) -> bool:
    """Whether a number is one, and at least 0; or not given."""
    return value is None or (math.isfinite(value) and value >= 0)


def values_of(values: flags.FlagValues) -> dict[str, Any]:
    """The fields of `TrainingConfig`."""
    names = ("num_cells", "init_channels", "epochs", *_HYPERPARAMETERS)
    return {name: getattr(values, name) for name in names}
