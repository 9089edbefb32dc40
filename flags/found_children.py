"""Flags of the training, from scratch, of every child that is found."""

from typing import Any

from absl import flags

from snas_tf.config import ChildConfig
from snas_tf.config.accepted import accepted_values
from snas_tf.errors import UserError

from . import evaluate, fields, training

_SHARED = (
    "stem",
    *("theta_learning_rate", "theta_momentum", "theta_weight_decay", "theta_clip_norm"),
    *("precision", "jit_compile"),
    *evaluate.CHILD,
)
"""Flags of a search, or of a training, that the training of a child takes."""

_CHILD = ChildConfig(cutout_length=0, drop_path_probability=0.0, auxiliary_weight=0.0)
_NEED_TRAINING = ("child_cells", "child_channels", *evaluate.CHILD)


def define(values: flags.FlagValues, epochs: str, meaning: str) -> None:
    """Define the flags.

    Args:
        values: what they are defined in.
        epochs: name of the flag of its epochs, of which 0 is for no training.
        meaning: help of this flag.
    """
    accepted = accepted_values(ChildConfig)
    define_integer(values, epochs, 0, accepted["epochs"].rule, meaning)
    meaning = "Cells of the trained children; if not given, --num_cells."
    define_integer(values, "child_cells", None, accepted["num_cells"].rule, meaning)
    meaning = "Channels of their first cell; if not given, --init_channels."
    width = training.WidthParser(auto=False)
    serializer: Any = flags.ArgumentSerializer()
    flags.DEFINE(width, "child_channels", None, meaning, values, serializer)
    fields.define(values, _CHILD, evaluate.CHILD)


def define_integer(
    values: flags.FlagValues, name: str, default: int | None, rule: Any, meaning: str
) -> None:
    """Define an integer in the range of a field."""
    flags.DEFINE_integer(
        name, default, meaning, int(rule.lowest), int(rule.highest), flag_values=values
    )


def config(values: flags.FlagValues, epochs: str) -> ChildConfig | None:
    """Return the config of the training; None where none is asked for.

    Args:
        values: the parsed flags.
        epochs: name of the flag of its epochs.

    Raises:
        UserError: a flag of a training is given that is not asked for.
    """
    budget: Any = values[epochs].value
    if budget:
        settings: dict[str, Any] = {name: values[name].value for name in _SHARED}
        return ChildConfig(
            num_cells=values.child_cells or values.num_cells,
            init_channels=values.child_channels or values.init_channels,
            epochs=budget,
            **settings,
        )
    given = [name for name in _NEED_TRAINING if values[name].present]
    if given:
        raise UserError(
            f"--{given[0]}={values[given[0]].value}: of a training of the children, which is not "
            f"asked for, accepted: with --{epochs}"
        )
    return None
