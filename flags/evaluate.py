"""Flags of `--mode=evaluate`."""

import pathlib
from typing import Any

from absl import flags

from snas_tf.architecture import application, architectures, genotype_source
from snas_tf.config import ChildConfig, DataConfig
from snas_tf.errors import UserError, shorten_path
from snas_tf.runs import run_record
from snas_tf.runs.run_directory import RunDirectory

from . import common, fields, path, training

CHILD = {
    "cutout_length": "Side in pixels of the square cut out of each training image; 0 for none.",
    "drop_path_probability": "Probability of dropping an edge at the last step; it rises from 0.",
    "auxiliary_weight": "Weight of the auxiliary classifier's loss; 0 for no such classifier.",
}
"""What every training of a child has, besides its genotype."""

_OWN = {
    "initial_weights": "Run directory of a search: start from its weights, with its network size, "
    "its images and, if none is given, its genotype.",
    "export_weights": "Weights to export: the last epoch's, or those of the epoch with the best "
    "validation accuracy.",
}
_INHERITED = (
    "num_cells",
    "init_channels",
    "stem",
    "dataset",
    "image_size",
    "image_storage",
    "classes",
    "examples_per_class",
    "validation_fraction",
    "seed",
)
"""Flags whose defaults are a search's own, where the child starts from its weights."""


def define(values: flags.FlagValues) -> None:
    """Define the flags; every default is that of `ChildConfig`."""
    defaults = ChildConfig()
    common.define(values, DataConfig(batch_size=96))
    training.define(values, defaults)
    define_child(values, defaults)
    fields.define(values, defaults, _OWN)


def define_genotype(values: flags.FlagValues) -> None:
    """Define what names a genotype."""
    path.define(
        values,
        "genotype",
        "The cells of a child network: the name of a published one; the path of a file, as a "
        "search writes it or as tools of the DARTS family print it; or a cell as NAS-Bench-201 "
        "writes it, '|OPERATION~0|+...'. One of several in a file by FILE:LINE, or by FILE#NAME "
        "for NAME = Genotype(...). Or keras:NAME, a network of keras.applications in place of a "
        f"child: {', '.join(application.SMALLEST)}.",
        shipped=True,
    )


def define_child(values: flags.FlagValues, defaults: ChildConfig) -> None:
    """Define what every training of a child has."""
    define_genotype(values)
    fields.define(values, defaults, CHILD)


def adapt_defaults(values: flags.FlagValues) -> None:
    """Set the defaults that follow from the genotype or from initial weights.

    Where the child starts from a search's weights, they are the search's own settings.

    Raises:
        UserError: --initial_weights is no search's run directory.
    """
    if values.genotype is not None:
        space = genotype_source.find_space(values.genotype)
        training.set_default_size(values, space.skeleton.evaluation_size)
    if values.initial_weights is not None:
        for name, value in _settings_of_search(pathlib.Path(values.initial_weights)).items():
            values.set_default(name, value)


def config(values: flags.FlagValues) -> ChildConfig:
    """Return the training part of a configuration.

    Raises:
        UserError: no genotype is given.
    """
    require_genotype(values)
    return ChildConfig(**fields.read(values, ChildConfig))


def run(values: flags.FlagValues) -> None:
    """Train and test a child, and print what was measured."""
    configs = common.prepare(values, config(values), run_name(values))
    from snas_tf.workflows.evaluate import evaluate, report

    report(evaluate(*configs), *configs)


def require_genotype(values: flags.FlagValues) -> None:
    """Raise a UserError where no genotype is given, or one that can't be read."""
    if values.genotype is None:
        raise UserError(
            f"--genotype: not given, and --mode={values.mode} needs one; accepted: the name of a "
            "published one, the path of a file, or keras:NAME"
        )
    architectures.load(values.genotype)


def _settings_of_search(directory: pathlib.Path) -> dict[str, Any]:
    shown = f"--initial_weights={shorten_path(directory)}"
    accepted = "accepted: the --model_dir of a finished --mode=search"
    try:
        record = run_record.read(RunDirectory(directory).record)
    except UserError as error:
        raise UserError(f"{shown}: {error}, {accepted}") from error
    if record.kind != "search":
        raise UserError(f"{shown}: a run of --mode={record.kind}, {accepted}")
    if record.settings.get("num_seeds", 1) > 1:
        raise UserError(
            f"{shown}: holds the searches of several seeds, accepted: "
            f"{directory / 'seed_'}N, one of them"
        )
    return {
        **{name: record.settings[name] for name in _INHERITED if name in record.settings},
        "genotype": str(directory / "genotype.json"),
    }


def run_name(values: flags.FlagValues) -> str:
    """Return the name of the run directory where none is given."""
    genotype = architectures.short_name(values.genotype)
    return f"evaluate-{values.dataset.replace('/', '-')}-{genotype}"
