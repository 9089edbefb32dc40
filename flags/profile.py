"""Flags of `--mode=profile`."""

from typing import Any

from absl import flags

from snas_tf import tensorflow_import
from snas_tf.architecture import genotype_source, stems
from snas_tf.config import ChildConfig, ImageNetConfig

from . import common, evaluate, imagenet, latency, plugin, training

_IMAGENET = {"image_size": 224, "num_classes": 1000}
"""The defaults with --network=imagenet."""


def define(values: flags.FlagValues) -> None:
    """Define the flags; the defaults are those of an evaluation on CIFAR-10."""
    evaluate.define_genotype(values)
    plugin.define(values)
    flags.DEFINE_enum(
        "network",
        "cifar",
        list(stems.NAMES),
        "The kind of network: its stem. In a profile, the defaults with imagenet are: "
        + ", ".join(f"--{name}={value}" for name, value in _defaults_on_imagenet().items())
        + ".",
        flag_values=values,
    )
    training.define_network(values, ChildConfig(), auto=True)
    common.define_image_size(values, 32)
    flags.DEFINE_integer(
        "num_classes", 10, "Classes of the images.", 2, 1_000_000, flag_values=values
    )
    imagenet.define_budget(values)
    latency.define_table(values)


def _defaults_on_imagenet() -> dict[str, Any]:
    config = ImageNetConfig()
    return {"num_cells": config.num_cells, "init_channels": training.AUTO, **_IMAGENET}


def adapt_defaults(values: flags.FlagValues) -> None:
    """Set the defaults of the kind of network, and of the genotype's search space."""
    skeleton = genotype_source.find_space(values.genotype or "").skeleton
    training.set_default_size(values, skeleton.evaluation_size)
    if values.network == "imagenet":
        training.set_default_size(values, (skeleton.imagenet_cells, 0))
        for name, value in _IMAGENET.items():
            values.set_default(name, value)


def arguments(values: flags.FlagValues) -> dict[str, Any]:
    """Return the arguments of `profile`.

    Raises:
        UserError: no genotype is given.
    """
    evaluate.require_genotype(values)
    return {
        "genotype": values.genotype,
        "num_cells": values.num_cells,
        "init_channels": training.width(values),
        "image_size": values.image_size,
        "num_classes": values.num_classes,
        "stem": values.network,
        "max_multiply_adds": values.max_multiply_adds,
        "latency_table": values.latency_table,
    }


def run(values: flags.FlagValues) -> None:
    """Count and time a network, and print the figures."""
    given = arguments(values)
    tensorflow_import.import_tensorflow()
    from snas_tf.workflows.profile import profile, report

    report(profile(**given))
