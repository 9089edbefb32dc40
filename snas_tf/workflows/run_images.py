"""The images of a trained child, read again after its run."""

import dataclasses
import json
import pathlib

import tensorflow as tf

from snas_tf.config import DataConfig
from snas_tf.data import encoded_collection, image_storage
from snas_tf.data.batches import VALIDATION, Collection, Dataset
from snas_tf.data.image_errors import as_user_errors
from snas_tf.errors import UserError, format_setting
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord


def read(record: RunRecord, run: RunDirectory, data_dir: pathlib.Path | None = None) -> Dataset:
    """Read the images of a run as it read them, with the same ones held out.

    Args:
        record: the record of the run.
        run: its directory, which may have decoded images.
        data_dir: where the images are; None for where the run read them.

    Raises:
        UserError: they are not there, or others.
    """
    config = _find_config(record, data_dir)
    with as_user_errors():
        images: Collection
        if record.kind == "imagenet":
            images = encoded_collection.read(config, cache=run.images)
        else:
            seed = record.proxy_seed or 0  # Any will do where no proxy was drawn.
            images = image_storage.read(config, with_test=True, cache=run.images, proxy_seed=seed)
    if json.loads(json.dumps(images.fingerprint)) != record.inputs.get("images"):
        raise UserError(
            f"{_format_place(config)}: not the images of the run in "
            f"{format_setting('model_dir', run.path)}, accepted: the directory of those"
        )
    return images.split(_find_split_seed(record, run))


def validation_images(record: RunRecord, dataset: Dataset) -> tf.data.Dataset | None:
    """Return the validation images in batches of one; see `Dataset.evaluation_batches`.

    None where there are none, or where they are the test images, as in the imagenet mode.
    """
    return None if record.kind == "imagenet" else dataset.evaluation_batches(VALIDATION, 1)


def _find_config(record: RunRecord, data_dir: pathlib.Path | None) -> DataConfig:
    fields = {field.name for field in dataclasses.fields(DataConfig)}
    known = {**record.settings, **record.sources}
    given = {name: value for name, value in known.items() if name in fields}
    if given.get("dataset") == "arrays":
        raise UserError(
            "`quantize`=int8: needs the training images of the run, which were arrays of a "
            "program, accepted: float16"
        )
    return DataConfig(**given if data_dir is None else {**given, "data_dir": data_dir})


def _find_split_seed(record: RunRecord, run: RunDirectory) -> int:
    """The seed that decided which images are held out; records had none in earlier versions."""
    own = None if "initial_weights" in record.inputs else record.settings["seed"]
    seed = record.sources.get("split_seed", own)
    if seed is None:
        raise UserError(
            f"{format_setting('model_dir', run.path)}: a run of an earlier version, which did not "
            "record what images its initial weights have seen, accepted: a run of this version"
        )
    return seed


def _format_place(config: DataConfig) -> str:
    if config.data_dir is None:
        return format_setting("dataset", config.dataset)
    return format_setting("data_dir", config.data_dir)
