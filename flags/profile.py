"""Flags of `--mode=profile`."""

from typing import Any

from absl import flags

from flags import common, evaluate, imagenet, training
from snas_tf.config import EvaluationConfig


def define() -> None:
    """Defines the flags."""
    flags.DEFINE_enum(
        "network", "cifar", ["cifar", "imagenet"], "The kind of network to profile: its stem."
    )
    flags.DEFINE_integer(
        "num_classes", 10, "Classes of the images, when profiling; 1000 of ImageNet.", 2
    )


def arguments(values: flags.FlagValues) -> dict[str, Any]:
    """The arguments of `profile`.

    Raises:
        UserError: no genotype is given.
    """
    common.set_defaults(values, _DEFAULTS[values.network]())
    evaluate.require_genotype(values)
    return {
        "source": values.genotype,
        "num_cells": values.num_cells,
        "init_channels": training.values_of(values, auto=0)["init_channels"],
        "image_size": values.image_size,
        "num_classes": values.num_classes,
        "stem": values.network,
        "max_multiply_adds": values.max_multiply_adds,
    }


def _cifar() -> dict[str, Any]:
    defaults = EvaluationConfig()
    return {
        "num_cells": defaults.num_cells,
        "init_channels": defaults.init_channels,
        "image_size": 32,
    }


def _imagenet() -> dict[str, Any]:
    return {**imagenet.defaults(), "num_classes": 1000}


_DEFAULTS = {"cifar": _cifar, "imagenet": _imagenet}
