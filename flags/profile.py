"""Flags of `--mode=profile`."""

from typing import Any

from absl import flags

from flags import common
from snas_tf.config import EvaluationConfig
from snas_tf.errors import UserError


def define() -> None:
    """Defines the flags."""
    flags.DEFINE_enum("network", "cifar", ["cifar"], "The stem of the network to profile.")
    flags.DEFINE_integer("num_classes", 10, "Classes of the images, when profiling.", 2)


def arguments(values: flags.FlagValues) -> dict[str, Any]:
    """The arguments of `profile`.

    Raises:
        UserError: no genotype is given.
    """
    defaults = EvaluationConfig()
    common.set_defaults(
        values,
        {
            "num_cells": defaults.num_cells,
            "init_channels": defaults.init_channels,
            "image_size": 32,
        },
    )
    if values.genotype is None:
        raise UserError(
            "--genotype: not given, and --mode=profile needs one; accepted: the name of a "
            "published one, or the path of a file"
        )
    return {
        "source": values.genotype,
        "num_cells": values.num_cells,
        "init_channels": values.init_channels,
        "image_size": values.image_size,
        "num_classes": values.num_classes,
    }
