"""Flags that mean the same in every mode, and how flags become configs."""

import pathlib
import sys
import tempfile
from types import ModuleType
from typing import Any

from absl import app, flags

from snas_tf.config import DataConfig, RunConfig
from snas_tf.errors import UserError

_NOT_RECORDED = {"mode", "model_dir", "data_dir", "checkpoint_every_steps", "flagfile"}
"""Flags that do not change what a run finds, so a resumed run may change them."""


def define() -> None:
    """Defines the flags."""
    flags.DEFINE_string(
        "dataset",
        "cifar10",
        "The images: cifar10 or any other TFDS image-classification name; folder, for class "
        "sub-directories of image files under --data_dir; digits, which needs no network.",
    )
    flags.DEFINE_string(
        "data_dir",
        None,
        "Directory of prepared TFDS datasets; or of the class sub-directories, or of train/, val/ "
        "and test/ with the class sub-directories.",
    )
    flags.DEFINE_integer(
        "image_size", None, "Resize images to this many pixels square; default: their own size.", 8
    )
    flags.DEFINE_integer(
        "batch_size", 64, "Images a step, over all GPUs; 96 when evaluating, if not given.", 1
    )
    flags.DEFINE_float(
        "validation_fraction",
        0.1,
        "Share of the training images held out for validation; may be 0 when evaluating.",
    )
    flags.DEFINE_boolean("skip_corrupt_images", False, "Leave image files out that can't be read.")
    flags.DEFINE_boolean(
        "mirror",
        None,
        "Mirror half of the training images at random; default: unless the data set is one of "
        "characters by its name. --nomirror for own images in which left and right matter.",
    )
    flags.DEFINE_string("model_dir", None, "The run directory; default: runs/MODE-DATASET-....")
    flags.DEFINE_integer("seed", 0, "Seed of everything random.", 0, 2**31 - 1)
    flags.DEFINE_integer(
        "checkpoint_every_steps",
        0,
        "Besides the checkpoint of every epoch, one every so many steps; 0 for none.",
        0,
    )


def parse(arguments: list[str]) -> list[str]:
    """Parses the flags; a bad one is one line on standard error and exit code 2."""
    app.define_help_flags()
    try:
        rest = flags.FLAGS(arguments)
    except flags.Error as error:
        print(f"main.py: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    if len(rest) > 1:
        print(f"main.py: {rest[1]!r} is not a flag, accepted: --NAME=VALUE", file=sys.stderr)
        sys.exit(2)
    return rest


def set_defaults(values: flags.FlagValues, defaults: dict[str, Any]) -> None:
    """Makes other values the defaults of flags that were not given."""
    for name, value in defaults.items():
        values.set_default(name, value)


def data_config(values: flags.FlagValues) -> DataConfig:
    """The data part of a configuration."""
    return DataConfig(
        dataset=values.dataset,
        data_dir=pathlib.Path(values.data_dir) if values.data_dir else None,
        image_size=values.image_size,
        batch_size=values.batch_size,
        validation_fraction=values.validation_fraction,
        skip_corrupt_images=values.skip_corrupt_images,
        mirror=values.mirror,
        min_crop_area=values.min_crop_area,
        color_jitter=values.color_jitter,
    )


def run_config(
    values: flags.FlagValues, default_name: str, modules: tuple[ModuleType, ...]
) -> RunConfig:
    """The run part of a configuration.

    Args:
        values: the parsed flags.
        default_name: name of the run directory under runs/ where --model_dir is not given.
        modules: those whose flags decide the run's results.

    Raises:
        UserError: the run directory can't be written.
    """
    model_dir = pathlib.Path(values.model_dir or pathlib.Path("runs", default_name))
    _check_writable(model_dir)
    return RunConfig(
        model_dir=model_dir,
        seed=values.seed,
        checkpoint_every_steps=values.checkpoint_every_steps,
        flags=_recorded(values, modules),
    )


def _recorded(values: flags.FlagValues, modules: tuple[ModuleType, ...]) -> dict[str, Any]:
    """The flags that decide a run's results: all that the modules define, less a few."""
    by_module = values.flags_by_module_dict()
    return {
        flag.name: flag.value
        for module in modules
        for flag in by_module.get(module.__name__, ())
        if flag.name not in _NOT_RECORDED
    }


def _check_writable(model_dir: pathlib.Path) -> None:
    """Fails early, before any image is read, and leaves nothing behind."""
    existing = next(path for path in (model_dir, *model_dir.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise UserError(
            f"--model_dir={model_dir}: can't be written ({existing}: {error.strerror}), "
            "accepted: a directory, new or of an earlier run, that can be written"
        ) from error
