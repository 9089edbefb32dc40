"""Flags that mean the same in every mode, and how flags become configs."""

import dataclasses
import os
import pathlib
import tempfile
from typing import Any

from absl import flags

from flags import path
from snas_tf.config import DataConfig, RunConfig
from snas_tf.errors import UserError, shorten_path


def define(values: flags.FlagValues, defaults: DataConfig, *, held_out: bool = True) -> None:
    """Defines the flags of the images and of the run.

    Args:
        values: what they are defined in.
        defaults: the defaults of the mode.
        held_out: whether the mode holds training images out for validation.
    """
    flags.DEFINE_string(
        "dataset",
        defaults.dataset,
        "The images: cifar10 or any other TFDS image-classification name; folder, for class "
        "sub-directories of image files under --data_dir; digits, which needs no network.",
        flag_values=values,
    )
    path.define(
        values,
        "data_dir",
        "Directory of prepared TFDS datasets; or of the class sub-directories, or of train/, val/ "
        "and test/ with the class sub-directories.",
    )
    define_image_size(values, defaults.image_size)
    flags.DEFINE_integer(
        "batch_size",
        defaults.batch_size,
        "Images a step, over all GPUs.",
        1,
        65536,
        flag_values=values,
    )
    if held_out:
        flags.DEFINE_float(
            "validation_fraction",
            defaults.validation_fraction,
            "Share of the training images held out for validation.",
            flag_values=values,
        )
    flags.DEFINE_boolean(
        "skip_corrupt_images",
        defaults.skip_corrupt_images,
        "Leave image files out that can't be read.",
        flag_values=values,
    )
    flags.DEFINE_boolean(
        "mirror",
        defaults.mirror,
        "Mirror half of the training images at random; if not given, unless the data set is one of "
        "characters by its name. --nomirror for own images in which left and right matter.",
        flag_values=values,
    )
    define_model_dir(values)
    flags.DEFINE_integer("seed", 0, "Seed of everything random.", 0, 2**31 - 1, flag_values=values)
    flags.DEFINE_integer(
        "checkpoint_every_steps",
        0,
        "Besides the checkpoint of every epoch, one every so many steps; 0 for none.",
        0,
        2**31 - 1,
        flag_values=values,
    )


def define_image_size(values: flags.FlagValues, default: int | None) -> None:
    """Defines the side of the images."""
    flags.DEFINE_integer(
        "image_size",
        default,
        "Side of the images, in pixels: others are resized. If not given, their own size.",
        8,
        4096,
        flag_values=values,
    )


def define_model_dir(values: flags.FlagValues) -> None:
    """Defines the run directory."""
    path.define(
        values,
        "model_dir",
        "The run directory. Of a training, if not given: runs/MODE-DATASET-.... To export: that of "
        "a finished training of a child.",
    )


def set_defaults(values: flags.FlagValues, defaults: dict[str, Any]) -> None:
    """Makes other values the defaults of flags that were not given."""
    for name, value in defaults.items():
        values.set_default(name, value)


def data_config(values: flags.FlagValues) -> DataConfig:
    """The data part of a configuration, with defaults where the mode has no such flag."""
    names = (field.name for field in dataclasses.fields(DataConfig))
    given = {name: getattr(values, name) for name in names if name in values}
    directory = values.data_dir
    return DataConfig(**{**given, "data_dir": pathlib.Path(directory) if directory else None})


def run_config(values: flags.FlagValues, default_name: str) -> RunConfig:
    """The run part of a configuration.

    Args:
        values: the parsed flags.
        default_name: name of the run directory under runs/ where --model_dir is not given.

    Raises:
        UserError: the run directory can't be written.
    """
    model_dir = pathlib.Path(values.model_dir or pathlib.Path("runs", default_name))
    _check_writable(model_dir)
    return RunConfig(model_dir, values.seed, values.checkpoint_every_steps)


def _check_writable(model_dir: pathlib.Path) -> None:
    """Fails early, before any image is read, and leaves nothing behind."""
    existing = model_dir
    try:
        parents = (model_dir, *model_dir.absolute().parents)
        existing = next(path for path in parents if os.path.lexists(path))
        # One that holds a run is asked for its name alone: a long one is refused here.
        (model_dir / "x").exists()
        with tempfile.TemporaryFile(dir=existing):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"--model_dir={shorten_path(model_dir)}: can't be written ({shorten_path(existing)}: "
            f"{reason}), accepted: a directory, new or of an earlier run, that can be written"
        ) from error
