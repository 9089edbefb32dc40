"""Flags that mean the same in every mode, and how flags become configs."""

import os
import pathlib
import sys
import tempfile
from typing import Any

from absl import app, flags

from snas_tf.config import DataConfig, RunConfig
from snas_tf.errors import UserError, shorten_path


def define() -> None:
    """Defines the flags."""
    flags.DEFINE_string(
        "dataset",
        "cifar10",
        "The images: cifar10 or any other TFDS image-classification name; folder, for class "
        "sub-directories of JPEG or PNG files under --data_dir; digits, which needs no network.",
    )
    flags.DEFINE_string(
        "data_dir",
        None,
        "Directory of prepared TFDS datasets; or of the class sub-directories, or of train/ and "
        "test/ or val/ with the class sub-directories.",
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
