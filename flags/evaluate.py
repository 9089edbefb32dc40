"""Flags of `--mode=evaluate`."""

import pathlib
from typing import Any

from absl import flags

from flags import common, path, training
from snas_tf.architecture import genotype_source
from snas_tf.config import ChildConfig, DataConfig
from snas_tf.errors import UserError
from snas_tf.runs import run_record
from snas_tf.runs.run_directory import RunDirectory

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
    """Defines the flags; every default is that of `ChildConfig`."""
    defaults = ChildConfig()
    common.define(values, DataConfig(batch_size=96))
    training.define(values, defaults)
    define_child(values, defaults)
    path.define(
        values,
        "initial_weights",
        "Run directory of a search: start from its weights, with its network size, its images and, "
        "if none is given, its genotype.",
    )
    define_weights(values, defaults.export_weights, "the last epoch's")


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


def define_weights(values: flags.FlagValues, default: str | None, usual: str) -> None:
    """Defines which weights are exported; `usual` says which are by default."""
    flags.DEFINE_enum(
        "export_weights",
        default,
        ["last", "best"],
        "Weights to export: the last epoch's, or those of the epoch with the best validation "
        f"accuracy; if not given, {usual}.",
        flag_values=values,
    )


def define_child(values: flags.FlagValues, defaults: ChildConfig) -> None:
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
    training.define_numbers(values, _HYPERPARAMETERS, defaults)
    training.below_one(values, "drop_path_probability")


def adapt_defaults(values: flags.FlagValues) -> None:
    """Makes a search's own settings the defaults where the child starts from its weights.

    Raises:
        UserError: --initial_weights is no search's run directory.
    """
    if values.initial_weights is not None:
        common.set_defaults(values, _of_search(pathlib.Path(values.initial_weights)))


def config(values: flags.FlagValues) -> ChildConfig:
    """The evaluation part of a configuration.

    Raises:
        UserError: no genotype is given.
    """
    require_genotype(values)
    weights = values.initial_weights
    return ChildConfig(
        **training.values_of(values),
        **values_of(values),
        initial_weights=pathlib.Path(weights) if weights else None,
        export_weights=values.export_weights,
    )


def require_genotype(values: flags.FlagValues) -> None:
    """Raises a UserError where no genotype is given, or none that can be had."""
    if values.genotype is None:
        raise UserError(
            f"--genotype: not given, and --mode={values.mode} needs one; accepted: the name of a "
            "published one, or the path of a file"
        )
    genotype_source.load_genotype(values.genotype)


def values_of(values: flags.FlagValues) -> dict[str, Any]:
    """The fields of `ChildConfig` that every training of a child has."""
    return {
        "genotype": values.genotype,
        "cutout_length": values.cutout_length,
        **{name: getattr(values, name) for name in _HYPERPARAMETERS},
    }


def _of_search(directory: pathlib.Path) -> dict[str, Any]:
    accepted = "accepted: the --model_dir of a finished --mode=search"
    try:
        record = run_record.read(RunDirectory(directory).record)
    except UserError as error:
        raise UserError(f"--initial_weights={directory}: {error}, {accepted}") from error
    if record.kind != "search":
        raise UserError(f"--initial_weights={directory}: a run of --mode={record.kind}, {accepted}")
    if record.settings.get("num_seeds", 1) > 1:
        raise UserError(
            f"--initial_weights={directory}: holds the searches of several seeds, accepted: "
            f"{directory / 'seed_'}N, one of them"
        )
    return {
        **{name: record.settings.get(name) for name in _INHERITED},
        "genotype": str(directory / "genotype.json"),
    }


def run_name(values: flags.FlagValues) -> str:
    """Name of the run directory where none is given."""
    return (
        f"evaluate-{values.dataset.replace('/', '-')}-{genotype_source.short_name(values.genotype)}"
    )
