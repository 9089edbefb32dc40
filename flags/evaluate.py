"""Flags of `--mode=evaluate`."""

import dataclasses
import json
import pathlib
from typing import Any

from absl import flags

from flags import common, training
from snas_tf.architecture import lookup
from snas_tf.config import EvaluationConfig, TrainingConfig
from snas_tf.errors import UserError

_DEFAULTS = EvaluationConfig()
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


def define() -> None:
    """Defines the flags; every default is that of `EvaluationConfig`."""
    flags.DEFINE_string(
        "genotype",
        None,
        "The cells of a child network: the name of a published one, or the path of a file, as a "
        "search writes it or as tools of the DARTS family print it; one of several in a file by "
        "FILE:LINE, or by FILE#NAME for NAME = Genotype(...).",
    )
    flags.DEFINE_integer(
        "cutout_length",
        _DEFAULTS.cutout_length,
        "Side in pixels of the square cut out of each training image; 0 for none.",
        0,
    )
    flags.DEFINE_integer(
        "num_seeds",
        _DEFAULTS.num_seeds,
        "Train so often, from --seed on, and report mean and standard deviation.",
        1,
    )
    flags.DEFINE_string(
        "initial_weights",
        None,
        "Run directory of a search: start from its weights, with its network size, its images and, "
        "if none is given, its genotype.",
    )
    training.define_numbers(_HYPERPARAMETERS, _DEFAULTS)
    training.below_one("drop_path_probability")


def config(values: flags.FlagValues) -> EvaluationConfig:
    """The evaluation part of a configuration; sets the defaults of this mode.

    Raises:
        UserError: no genotype is given, or --initial_weights is no search's run directory.
    """
    names = [field.name for field in dataclasses.fields(TrainingConfig)]
    common.set_defaults(
        values, {"batch_size": 96, **{name: getattr(_DEFAULTS, name) for name in names}}
    )
    if values.initial_weights is not None:
        common.set_defaults(values, _of_search(pathlib.Path(values.initial_weights)))
    require_genotype(values)
    return EvaluationConfig(**training.values_of(values), **values_of(values))


def require_genotype(values: flags.FlagValues) -> None:
    """Raises a UserError where no genotype is given, or none that can be had."""
    if values.genotype is None:
        raise UserError(
            f"--genotype: not given, and --mode={values.mode} needs one; accepted: the name of a "
            "published one, or the path of a file"
        )
    lookup.find(values.genotype)


def values_of(values: flags.FlagValues) -> dict[str, Any]:
    """The fields of `EvaluationConfig` besides those of `TrainingConfig`."""
    return {
        "genotype": values.genotype,
        "cutout_length": values.cutout_length,
        "initial_weights": pathlib.Path(values.initial_weights) if values.initial_weights else None,
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
