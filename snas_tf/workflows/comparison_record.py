"""The record of a comparison, which may grow."""

import dataclasses
from typing import Any

from snas_tf.config import ChildConfig, Comparison, DataConfig
from snas_tf.errors import UserError, format_setting
from snas_tf.runs import run_record
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord

KIND = "compare"


def make_record(comparison: Comparison, data_config: DataConfig) -> RunRecord:
    """Make the record of a comparison, without its inputs."""
    child = comparison.child and _settings_of_child(comparison.child)
    return RunRecord.from_configs(
        KIND,
        data_config,
        seeds=comparison.seeds,
        algorithms={
            label: RunRecord.from_configs(KIND, config).settings
            for label, config in comparison.searches.items()
        },
        train_children=child,
        random_children=comparison.random_children,
    )


def check(record: RunRecord, run: RunDirectory) -> None:
    """Check that a comparison may go on in a directory where one has trained.

    Labels, seeds and random cells may be added, and the training of children; nothing may be left
    out, and no other setting may differ.

    Args:
        record: record of this comparison.
        run: the directory.

    Raises:
        UserError: it may not; names the first setting that differs.
    """
    if not (run.record.exists() and run.has_trained()):
        return
    before = run_record.read(run.record)
    _without_parts(record).check_against(_without_parts(before), run.path)
    for name in ("algorithms", "seeds"):
        _check_contained(name, before, record, run)
    after = record.settings["algorithms"]
    for label, settings in before.settings["algorithms"].items():
        RunRecord(KIND, after[label]).check_against(RunRecord(KIND, settings), run.path)
    _check_children(before, record, run)


def _check_contained(name: str, before: RunRecord, record: RunRecord, run: RunDirectory) -> None:
    old, new = before.settings[name], record.settings[name]
    lacking = [one for one in old if one not in new]
    if lacking:
        given = ",".join(map(str, new))
        raise UserError(
            f"{format_setting(name, given)}: the run in {format_setting('model_dir', run.path)} "
            f"has {', '.join(map(str, lacking))} too, accepted: the same or more, or another "
            "`model_dir`"
        )


def _check_children(before: RunRecord, record: RunRecord, run: RunDirectory) -> None:
    old, new = before.settings["train_children"], record.settings["train_children"]
    if old is not None:
        new = new or {**old, "train_children": 0}
        RunRecord(KIND, new).check_against(RunRecord(KIND, old), run.path)
    number = "random_children"
    old, new = ({number: one.settings[number]} for one in (before, record))
    RunRecord(KIND, new).check_against(RunRecord(KIND, old), run.path, may_grow={number})


_PARTS = ("algorithms", "seeds", "train_children", "random_children")


def _without_parts(record: RunRecord) -> RunRecord:
    """Leave out what may grow."""
    shared = {name: value for name, value in record.settings.items() if name not in _PARTS}
    return dataclasses.replace(record, settings=shared)


_FLAGS = {
    "epochs": "train_children",
    "num_cells": "child_cells",
    "init_channels": "child_channels",
}
"""What a comparison calls the settings of its children's training."""


def _settings_of_child(config: ChildConfig) -> dict[str, Any]:
    settings = RunRecord.from_configs(KIND, config).settings
    return {_FLAGS.get(name, name): value for name, value in settings.items()}
