"""Flags that mean the same in every mode that trains, and how flags become configs."""

import os
import pathlib
import tempfile
from typing import TypeVar

from absl import flags

from snas_tf import tensorflow_import
from snas_tf.architecture import spaces
from snas_tf.config import Comparison, DataConfig, RunConfig, TrainingConfig, Tuning
from snas_tf.errors import UserError, shorten_path

from . import fields, machines, path, plugin

_Trained = TypeVar("_Trained", bound=TrainingConfig | Comparison | Tuning)

_IMAGE_SIZE = {
    "image_size": "Side of the images in pixels; others are resized. If not given, their own size."
}
DATA_DIR = {
    "data_dir": "Directory of the prepared TFDS data sets. With --dataset=folder: the directory of "
    "the class sub-directories, or of train/, val/ and test/ that hold them. If not given, an "
    "export with --quantize=int8 looks where the run did."
}
_DATA = {
    "dataset": "The images: cifar10 or any other TFDS image-classification name; folder, for class "
    "sub-directories of image files under --data_dir; digits, which needs no network.",
    **DATA_DIR,
    **_IMAGE_SIZE,
    "batch_size": "Images per step, over all GPUs.",
    "validation_fraction": "Share of the training images held out for validation.",
    "image_storage": "Where images are kept: in memory, decoded once; or on disk, from where every "
    "step reads its own, cropped at random as on ImageNet, to 224 pixels if --image_size is not "
    "given. If not given: on disk, if the decoded training images take more than 2 GiB.",
    "classes": "Number of classes, drawn at random with --seed; if not given, all.",
    "examples_per_class": "The most training images of a class, drawn at random with --seed, those "
    "for validation included; if not given, all.",
    "min_crop_area": "Least share of an image's area that a random crop takes, of images on disk; "
    "1 for the largest crops alone.",
    "color_jitter": "How far brightness, contrast and saturation of images on disk change at "
    "random; 0 for not at all.",
    "skip_corrupt_images": "Leave image files out that can't be read.",
    "mirror": "Mirror half of the training images at random. If not given: yes, unless the data "
    "set is one of characters, by its name. Give --nomirror for own images in which left and right "
    "matter.",
}
_OF_HELD_OUT = ("validation_fraction", "image_storage", "classes", "examples_per_class")
"""Flags of the modes that hold training images out."""

SPACE = {
    "space": f"The search space: {spaces.DARTS.name}, {spaces.NASBENCH201.name}, or one that a "
    "--plugin registers; see docs/concepts/spaces.md.",
}
_RUN = {
    "seed": "Seed of everything random.",
    "checkpoint_every_steps": "Besides the checkpoint after every epoch, write one every so many "
    "steps; 0 for none.",
    "deterministic": "Give bit for bit the same result each time on a GPU too, more slowly.",
}


def define(values: flags.FlagValues, defaults: DataConfig, *, held_out: bool = True) -> None:
    """Define the flags of the images and of the run.

    Args:
        values: what they are defined in.
        defaults: the defaults of the mode.
        held_out: whether the mode holds training images out for validation.
    """
    left_out = () if held_out else _OF_HELD_OUT
    fields.define(values, defaults, {name: _DATA[name] for name in _DATA if name not in left_out})
    define_model_dir(values)
    fields.define(values, RunConfig(pathlib.Path("runs")), _RUN)
    plugin.define(values)


def define_image_size(values: flags.FlagValues, default: int) -> None:
    """Define the side of the images."""
    fields.define(values, DataConfig(image_size=default), _IMAGE_SIZE)


def define_model_dir(values: flags.FlagValues) -> None:
    """Define the run directory."""
    path.define(
        values,
        "model_dir",
        "The run directory. If not given, a training takes runs/MODE-DATASET-...; an export needs "
        "that of a finished training of a child.",
    )


def prepare(
    values: flags.FlagValues, config: _Trained, run_name: str
) -> tuple[_Trained, DataConfig, RunConfig]:
    """Return the configs of a mode that trains, and make TensorFlow ready.

    TensorFlow is imported only when the flags are known to be good, as that takes seconds.

    Args:
        values: the parsed flags.
        config: config of the training, the comparison or the sweep.
        run_name: name of the run directory under runs/ where --model_dir is not given.

    Raises:
        UserError: the run directory can't be written, or the mode does not run on the machines.
        LostWorkerError: one of several machines does not appear.
    """
    data_config = DataConfig(**fields.read(values, DataConfig))
    model_dir = pathlib.Path(values.model_dir or pathlib.Path("runs", run_name))
    run_config = RunConfig(**{**fields.read(values, RunConfig), "model_dir": model_dir})
    processes = machines.read(values.mode, config)
    if processes.is_chief:
        _check_writable(model_dir)
    tensorflow_import.import_tensorflow()
    from snas_tf.runs import devices

    devices.configure(run_config.deterministic)
    machines.join(processes)
    return config, data_config, run_config


def _check_writable(model_dir: pathlib.Path) -> None:
    """Fail early, before any image is read, and leave nothing behind."""
    existing = model_dir
    try:
        parents = (model_dir, *model_dir.absolute().parents)
        existing = next(path for path in parents if os.path.lexists(path))
        # Refuses a name that is too long, even if the directory exists.
        (model_dir / "x").exists()
        with tempfile.TemporaryFile(dir=existing):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"--model_dir={shorten_path(model_dir)}: can't be written ({shorten_path(existing)}: "
            f"{reason}), accepted: a directory, new or of an earlier run, that can be written"
        ) from error
