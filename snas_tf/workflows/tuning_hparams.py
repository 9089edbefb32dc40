"""The trials of a sweep in TensorBoard's HParams."""

import pathlib
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from tensorboard.plugins.hparams import api

from snas_tf.files import whole_files
from snas_tf.workflows.picking import MEASURES

_METRICS = ("accuracy", *MEASURES)


def write(summary: Mapping[str, Any], directory: pathlib.Path) -> None:
    """Replace the directory of TensorBoard's files by those of all trials.

    Args:
        summary: from `summarize`.
        directory: of the files.
    """
    with whole_files.replacing(directory) as partial:
        partial.mkdir()
        names = dict.fromkeys(name for one in summary["trials"] for name in one["settings"])
        with tf.summary.create_file_writer(str(partial)).as_default(step=0):
            api.hparams_config(
                hparams=[api.HParam(name) for name in names],
                metrics=[api.Metric(name) for name in _METRICS],
            )
        for one in summary["trials"]:
            _write_trial(one, partial / f"trial_{one['trial']:04d}")


def _write_trial(trial: Mapping[str, Any], directory: pathlib.Path) -> None:
    writer = tf.summary.create_file_writer(str(directory))
    with writer.as_default(step=trial["epochs"]):
        settings = {name: _number(value) for name, value in trial["settings"].items()}
        api.hparams(settings, trial_id=str(trial["trial"]))
        for name in _METRICS:
            tf.summary.scalar(name, trial[name])
    writer.close()


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
