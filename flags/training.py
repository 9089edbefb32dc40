"""Flags of the network and of the training of its weights, in every mode that trains."""

import math
from typing import Any

from absl import flags

from snas_tf.config import TrainingConfig
from snas_tf.errors import UserError

AUTO = "auto"
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
    flags.DEFINE(
        _WidthParser(),
        "init_channels",
        _DEFAULTS.init_channels,
        "Channels of the first cell, even; 36 of a child, if not given. On ImageNet also auto, its "
        "default: the most that --max_multiply_adds allows.",
        serializer=flags.ArgumentSerializer(),
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


def values_of(values: flags.FlagValues, auto: int | None = None) -> dict[str, Any]:
    """The fields of `TrainingConfig`.

    Args:
        values: the parsed flags.
        auto: what a width of auto becomes; None where it is not accepted.

    Raises:
        UserError: the width is auto, and that is not accepted.
    """
    names = ("num_cells", "init_channels", "epochs", *_HYPERPARAMETERS)
    trained = {name: getattr(values, name) for name in names}
    if trained["init_channels"] == AUTO:
        if auto is None:
            raise UserError(
                f"--init_channels={AUTO}: not in this mode, accepted: an even number, 2 or more"
            )
        trained["init_channels"] = auto
    return trained


class _WidthParser(flags.ArgumentParser):
    """An even number of channels, or auto."""

    syntactic_help = "an even number, or auto"

    def parse(self, argument: str | int) -> str | int:
        """The value of the flag."""
        if argument == AUTO:
            return AUTO
        try:
            channels = int(argument)
        except ValueError:
            channels = 0
        if channels < 2 or channels % 2:
            raise ValueError("accepted: an even number, 2 or more, or auto")
        return channels

    def flag_type(self) -> str:
        """What help calls it."""
        return "an even number or auto"
