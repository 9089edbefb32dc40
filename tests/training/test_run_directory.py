import json
import os

import pytest

from snas_tf.errors import UserError
from snas_tf.training.run_directory import RunDirectory

FLAGS = {"epochs": 3, "seed": 7}


def opened(path):
    run = RunDirectory(path / "run")
    run.open(FLAGS, {"tensorflow": "2"})
    return run


def test_opening_records_flags_seed_and_versions(tmp_path):
    content = json.loads(opened(tmp_path).flags.read_text())
    assert content["flags"] == FLAGS
    assert content["seed"] == 7
    assert content["versions"] == {"tensorflow": "2"}


def test_the_same_flags_open_a_run_again(tmp_path):
    opened(tmp_path)
    opened(tmp_path)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"epochs": 4, "seed": 7}, "--epochs=4: the run in .* has --epochs=3"),
        ({"epochs": 3}, "--seed=None: the run in .* has --seed=7"),
        ({**FLAGS, "new": 1}, "--new=1: the run in .* has --new=None"),
    ],
)
def test_other_flags_are_refused_by_name(tmp_path, flags, message):
    run = opened(tmp_path)
    with pytest.raises(UserError, match=message):
        run.open(flags, {})


def test_a_damaged_record_is_named(tmp_path):
    run = opened(tmp_path)
    run.flags.write_text("{")
    with pytest.raises(UserError, match=r"flags\.json: not a record of flags"):
        run.open(FLAGS, {})


def test_a_place_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"--model_dir=.*can't be written"):
        RunDirectory(tmp_path / "file" / "run").open(FLAGS, {})


def test_rows_come_back_as_they_were_written(tmp_path):
    run = opened(tmp_path)
    assert run.read_rows() == []
    rows = [{"epoch": 1.0, "loss": 0.1}, {"epoch": 2.0, "loss": float("inf")}]
    run.write_rows(rows)
    assert run.read_rows() == rows


def test_an_interrupted_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    run = opened(tmp_path)
    run.write_text(run.result, "old")

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        run.write_text(run.result, "new")
    assert run.result.read_text() == "old"
    assert {path.name for path in run.path.iterdir()} == {
        "flags.json",
        "result.json",
    }
