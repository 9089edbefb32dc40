"""Whole sweeps, in a small space: from start to pictures, after kills, and with failures."""

import contextlib
import dataclasses
import io
import json
import shutil

import pytest
import tensorflow as tf

from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.config import (
    ChildConfig,
    Choices,
    DataConfig,
    RunConfig,
    TunerConfig,
    Tuning,
)
from snas_tf.errors import UserError
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows.trials import Trials
from snas_tf.workflows.tune import report, tune
from tests.workflows.small_sweep import DATA, SETTINGS, WEIGHTS

CHILD = ChildConfig(
    num_cells=3,
    init_channels=4,
    epochs=0,  # They are judged as they are made, which takes a fraction of the time.
    cutout_length=0,
    drop_path_probability=0,
    auxiliary_weight=0,
)
RATES = {"rate": Choices("theta_learning_rate", {"0.1": 0.1, "1e30": 1e30})}
EPOCHS = {**SETTINGS, "epochs": 2}
SWEEP = Tuning(TunerConfig(objective="trained_valid_accuracy"), RATES, EPOCHS, CHILD)
OTHER = Tuning(TunerConfig(), WEIGHTS, EPOCHS)


def run_here(tuning, path, data=DATA):
    return tune(tuning, data, RunConfig(path))


def files(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The directory of a sweep that was interrupted and went on, and what it returned.

    The first search that does not fail has paused before. The directory has an odd name.
    """
    search = Trials._search

    def pause(trials, number, chosen, last_epoch):
        paused.append(search(trials, number, chosen, last_epoch=1))
        raise KeyboardInterrupt

    path, paused = tmp_path_factory.mktemp("tune") / "a [b]*?é", []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trials, "_search", pause)
        with pytest.raises(KeyboardInterrupt):
            run_here(SWEEP, path)
    assert [one["epochs"] for one in paused] == [1]
    assert not (path / "pareto.json").exists()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        summary = run_here(SWEEP, path)
    assert printed.getvalue().count("\nresuming") == 1
    assert [one["epochs"] for one in summary["trials"]] == [2]
    return path, summary


def test_every_trial_is_an_ordinary_run_directory(finished):
    path, summary = finished
    assert len(summary["trials"]) == 1
    for one in summary["trials"]:
        place = path / "trials" / f"trial_{one['trial']:04d}"
        record = json.loads((place / "run.json").read_text())
        assert (record["kind"], record["settings"]["theta_learning_rate"]) == ("search", 0.1)
        child = place.with_name(f"{place.name}_child_2")
        assert json.loads((child / "run.json").read_text())["kind"] == "evaluate"
        assert read_genotype(child / "genotype.json") == read_genotype(place / "genotype.json")


def test_the_summary_has_the_figures_of_the_networks_that_are_judged(finished):
    path, summary = finished
    assert json.loads((path / "pareto.json").read_text()) == summary
    assert summary["complete"]
    for one in summary["trials"]:
        result = json.loads((path / one["directory"] / "result.json").read_text())
        assert one["accuracy"] == one["trained_valid_accuracy"] == result["valid_accuracy"]
        assert one["parameters"] == result["parameters"]
        assert (one["num_cells"], one["init_channels"]) == (3, 4)
        assert result["test_error"] is None  # Test images are given to no trial.
        assert one["latency_ms"] > 0
    trials = {one["trial"] for one in summary["trials"]}
    assert all(set(front) <= trials and front for front in summary["fronts"].values())
    assert set(summary["recommended"]) == {"smallest", "knee", "best"}


def test_a_trial_that_fails_is_recorded_and_the_others_go_on(finished):
    path, summary = finished
    (one,) = summary["failed"]
    assert one["settings"] == {"rate": "1e30"}
    assert one["reason"].startswith("`theta_learning_rate`=1e+30: training diverged")
    assert one["reason"] in (path / "pareto.md").read_text()


def test_the_pictures_and_the_table_are_there(finished, capsys):
    path, summary = finished
    assert (path / "pareto.png").read_bytes().startswith(b"\x89PNG")
    assert (path / "pareto.svg").read_text().startswith("<?xml")
    report(summary, RunConfig(path))
    printed = capsys.readouterr().out
    for one in summary["trials"]:
        assert f" {one['parameters']:,} | " in printed


def test_tensorboard_has_the_values_and_the_figures_of_every_trial(finished):
    path, summary = finished
    for one in summary["trials"]:
        (file,) = (path / "tensorboard" / f"trial_{one['trial']:04d}").iterdir()
        plain = shutil.copy(file, path.parent)  # TensorFlow takes [b] for a pattern.
        tags = {}
        for record in tf.data.TFRecordDataset(plain).as_numpy_iterator():
            for value in tf.compat.v1.Event.FromString(record).summary.value:
                tags[value.tag] = value
        assert "_hparams_/session_start_info" in tags
        assert tf.make_ndarray(tags["parameters"].tensor) == one["parameters"]
        assert tf.make_ndarray(tags["accuracy"].tensor) == pytest.approx(one["accuracy"])


def test_a_finished_sweep_repeats_no_trial_and_says_the_same(finished, capsys):
    path, summary = finished
    before = files(path / "trials")
    assert run_here(SWEEP, path) == summary
    assert files(path / "trials") == before
    assert "trial 1 of" not in capsys.readouterr().out


def test_other_settings_and_other_kinds_of_run_are_refused_and_nothing_is_lost(finished):
    path, _ = finished
    before = files(path)
    with pytest.raises(UserError, match=r"^`sweep`=.*`model_dir`="):
        run_here(dataclasses.replace(SWEEP, sweeps=WEIGHTS), path)
    with pytest.raises(UserError, match=r"^`num_cells`=4: .*has `num_cells`=3"):
        run_here(dataclasses.replace(SWEEP, settings={**EPOCHS, "num_cells": 4}), path)
    with pytest.raises(UserError, match=r"`kind`=tune: .*`kind`=search"):
        run_here(SWEEP, path / "trials" / f"trial_{finished[1]['trials'][0]['trial']:04d}")
    assert files(path) == before


def test_two_tuners_in_one_directory_are_refused(finished):
    path, _ = finished
    with (
        RunDirectory(path).owned(),
        pytest.raises(UserError, match="another process is working in it"),
    ):
        run_here(SWEEP, path)


def test_what_can_not_be_trained_is_refused_before_any_trial(tmp_path):
    sizes = {"batch_size": Choices("batch_size", {"9": 9, "1400": 1400})}
    with pytest.raises(UserError, match=r"^`batch_size`=1400: more than the 1350"):
        run_here(Tuning(TunerConfig(), sizes, SETTINGS), tmp_path / "run")
    halves = {"algorithm": Choices("algorithm", {"snas": "snas", "darts": "darts"})}
    data = dataclasses.replace(DATA, batch_size=1000)
    with pytest.raises(UserError, match=r"`architecture_fraction`=0\.5: divides 1350"):
        run_here(Tuning(TunerConfig(), halves, SETTINGS), tmp_path / "run", data)
    with pytest.raises(UserError, match="`data_dir`="):
        run_here(OTHER, tmp_path / "run", DataConfig("folder", tmp_path / "gone"))
    many = Tuning(TunerConfig(tuner="hyperband"), WEIGHTS, {**SETTINGS, "epochs": 9})
    with pytest.raises(UserError, match="`tuner`=hyperband: draws 17"):
        run_here(many, tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_sweep_that_has_trained_nothing_makes_room_for_another(tmp_path, monkeypatch):
    errors = [KeyboardInterrupt(), *(UserError("no use") for _ in range(2))]

    def fail(trials, number, chosen, last_epoch):
        raise errors.pop(0)

    monkeypatch.setattr(Trials, "run", fail)
    with pytest.raises(KeyboardInterrupt):
        run_here(OTHER, tmp_path / "run")
    summary = run_here(dataclasses.replace(OTHER, sweeps=RATES), tmp_path / "run")
    assert [one["settings"].keys() for one in summary["failed"]] == [{"rate"}, {"rate"}]
    assert (summary["trials"], summary["recommended"]) == ([], {})
    assert "## Failed" in (tmp_path / "run" / "pareto.md").read_text()
