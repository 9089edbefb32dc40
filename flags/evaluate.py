"""Flags of `--mode=evaluate`."""

import json
import pathlib
from typing import Any

from absl import flags

from flags import common, path, training
from snas_tf.architecture import lookup
from snas_tf.config import DataConfig, EvaluationConfig
from snas_tf.errors import UserError

_HYPERPARAMETERS = {
    "drop_path_probability": "Of dropping an edge at the last step; rises from 0.",
    "auxiliary_weight": "Weight of the auxiliary classifier's loss; 0 for no such classifier.",
}
_INHERITED = (
    "num_cells",
    "init_channels",
    "dataset",
    "image_size",
    "validation_fraction",
    "seed",
)
"""Flags whose defaults are a search's own, where the child starts from its weights."""


def define(values: flags.FlagValues) -> None:
    """Defines the flags; every default is that of `EvaluationConfig`."""
    defaults = EvaluationConfig()
    common.define(values, DataConfig(batch_size=96))
    training.define(values, defaults)
    define_child(values, defaults)
    path.define(
        values,
        "initial_weights",
        "Run directory of a search: start from its weights, with its network size, its images and, "
        "if none is given, its genotype.",
    )


def define_genotype(values: flags.FlagValues) -> None:
    """Defines what names a genotype."""
    path.define(
        values,
        "genotype",
        "The cells of a child network: the name of a published one, or the path of a file, as a "
        "search writes it or as tools of the DARTS family print it; one of several in a file by "
        "FILE:LINE, or by FILE#NAME for NAME = Genotype(...).",
        shipped=True,
    )


def define_child(values: flags.FlagValues, defaults: EvaluationConfig) -> None:
    """Defines what every training of a child has."""
    define_genotype(values)
    flags.DEFINE_integer(
        "cutout_length",
        defaults.cutout_length,
        "Side in pixels of the square cut out of each training image; 0 for none.",
        0,
        4096,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "num_seeds",
        defaults.num_seeds,
        "Number of trainings, of --seed and the seeds after it; mean and standard deviation are "
        "reported.",
        1,
        1000,
        flag_values=values,
    )
    training.define_numbers(values, _HYPERPARAMETERS, defaults)
    training.below_one(values, "drop_path_probability")


def adapt_defaults(values: flags.FlagValues) -> None:
    """Makes a search's own settings the defaults where the child starts from its weights.

    Raises:
        UserError: --initial_weights is no search's run directory.
    """
    if values.initial_weights is not None:
        common.set_defaults(values, _of_search(pathlib.Path(values.initial_weights)))


def config(values: flags.FlagValues) -> EvaluationConfig:
    """The evaluation part of a configuration.

    Raises:
        UserError: no genotype is given.
    """
    require_genotype(values)
    weights = values.initial_weights
    return EvaluationConfig(
        **training.values_of(values),
        **values_of(values),
        initial_weights=pathlib.Path(weights) if weights else None,
    )


def require_genotype(values: flags.FlagValues) -> None:
    """Raises a UserError where no genotype is given, or none that can be had."""
    if values.genotype is None:
        raise UserError(
            f"--genotype: not given, and --mode={values.mode} needs one; accepted: the name of a "
            "published one, or the path of a file"
        )
    lookup.find(values.genotype)


def values_of(values: flags.FlagValues) -> dict[str, Any]:
    """The fields of `EvaluationConfig` that every training of a child has."""
    return {
        "genotype": values.genotype,
        "cutout_length": values.cutout_length,
        "num_seeds": values.num_seeds,
        **{name: getattr(values, name) for name in _HYPERPARAMETERS},
    }


def _of_search(directory: pathlib.Path) -> dict[str, Any]:
    try:
        recorded = json.loads((directory / "flags.json").read_text(encoding="utf-8"))["flags"]
        inherited = {name: recorded[name] for name in _INHERITED}
        recorded["alpha_learning_rate"]  # a search has it
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"--initial_weights={directory}: not the run directory of a search ({error}), "
            "accepted: the --model_dir of a finished --mode=search"
        ) from error
    return {**inherited, "genotype": str(directory / "genotype.json")}


def run_name(values: flags.FlagValues) -> str:
    """Name of the run directory where none is given."""
    return f"evaluate-{values.dataset.replace('/', '-')}-{lookup.short_name(values.genotype)}"
