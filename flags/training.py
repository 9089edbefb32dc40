"""Flags of the network and of the training of its weights, in every mode that trains."""

import math
from typing import Any

from absl import flags

from snas_tf.config import TrainingConfig

AUTO = "auto"
_WIDEST = 4096
_HYPERPARAMETERS = {
    "theta_learning_rate": "Initial SGD rate of the weights.",
    "theta_momentum": "SGD momentum of the weights.",
    "theta_weight_decay": "L2 penalty on the weights.",
    "theta_clip_norm": "Largest global norm of the weights' gradient; 0 for no clipping.",
}


def define(values: flags.FlagValues, defaults: TrainingConfig, *, auto: bool = False) -> None:
    """Defines the flags.

    Args:
        values: what they are defined in.
        defaults: the defaults of the mode.
        auto: whether the width may be auto, see `define_network`.
    """
    define_network(values, defaults, auto=auto)
    flags.DEFINE_integer(
        "epochs",
        defaults.epochs,
        "Passes over the training images.",
        0,
        1_000_000,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "num_seeds",
        defaults.num_seeds,
        "Number of runs, of --seed and the seeds after it: a search takes the cell with the best "
        "validation accuracy, a training reports mean and standard deviation.",
        1,
        1000,
        flag_values=values,
    )
    define_numbers(values, _HYPERPARAMETERS, defaults)
    below_one(values, "theta_momentum")


def define_network(
    values: flags.FlagValues, defaults: TrainingConfig, *, auto: bool = False
) -> None:
    """Defines the size of the network.

    Args:
        values: what the flags are defined in.
        defaults: the defaults of the mode; a width of 0 is auto.
        auto: whether the width may be auto: the most that --max_multiply_adds allows.
    """
    flags.DEFINE_integer(
        "num_cells", defaults.num_cells, "Cells of the network.", 3, 200, flag_values=values
    )
    meaning = "Channels of the first cell."
    if auto:
        meaning += f" {AUTO}, where there is --max_multiply_adds: the most that it allows."
    flags.DEFINE(
        _WidthParser(auto),
        "init_channels",
        defaults.init_channels or AUTO,
        meaning,
        values,
        flags.ArgumentSerializer(),
    )


def define_numbers(values: flags.FlagValues, meanings: dict[str, str], defaults: Any) -> None:
    """Defines flags that are numbers >= 0.

    Args:
        values: what they are defined in.
        meanings: help by name.
        defaults: the config that holds the defaults.
    """
    for name, meaning in meanings.items():
        flags.DEFINE_float(name, getattr(defaults, name), meaning, flag_values=values)
        accept(values, name, finite_and_not_negative, "a number, >= 0")


def below_one(values: flags.FlagValues, *names: str) -> None:
    """Lets only numbers under 1 pass."""
    for name in names:
        accept(values, name, lambda value: value < 1, "0 to less than 1")


def accept(values: flags.FlagValues, name: str, check: Any, accepted: str) -> None:
    """Lets only values pass for which a check is true; the message says what is accepted."""
    flags.register_validator(name, check, f"accepted: {accepted}", values)


def finite_and_not_negative(value: float | None) -> bool:
    """Whether a number is one, and at least 0; or not given."""
    return value is None or (math.isfinite(value) and value >= 0)


def values_of(values: flags.FlagValues) -> dict[str, Any]:
    """The fields of `TrainingConfig`."""
    names = ("num_cells", "epochs", "num_seeds", *_HYPERPARAMETERS)
    return {
        "init_channels": width(values),
        **{name: getattr(values, name) for name in names},
    }


def width(values: flags.FlagValues) -> int:
    """The channels of the first cell; 0 for auto."""
    return 0 if values.init_channels == AUTO else values.init_channels


class _WidthParser(flags.ArgumentParser):
    """An even number of channels, or auto.

    Args:
        auto: whether auto is accepted.
    """

    def __init__(self, auto: bool) -> None:
        super().__init__()
        self._auto = auto
        self.syntactic_help = f"an even number, 2 to {_WIDEST}" + f", or {AUTO}" * auto

    def parse(self, argument: str | int) -> str | int:
        """The value of the flag."""
        if argument == AUTO and self._auto:
            return AUTO
        try:
            channels = int(argument)
        except ValueError:
            channels = 0
        if channels % 2 or not 2 <= channels <= _WIDEST:
            raise ValueError(f"accepted: {self.syntactic_help}")
        return channels

    def flag_type(self) -> str:
        """What help calls it."""
        return "even number"
