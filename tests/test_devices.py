"""Whole programs on two logical devices, in a directory with an odd name."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import genotype_source
from snas_tf.config import DataConfig
from snas_tf.data import memory_collection
from snas_tf.files import plain_paths
from tests.programs import TINY, kill_after_step, run

ODD = "a [b]*?\\ é"
TIMES = {"images_per_second", "seconds", "finished"}
EVALUATE = (
    "--mode=evaluate",
    "--genotype=snas_aggressive",
    "--dataset=digits",
    "--num_cells=3",
    "--init_channels=4",
    "--batch_size=90",
    "--epochs=2",
    "--cutout_length=2",
    "--theta_learning_rate=0.1",
    "--auxiliary_weight=0",
)


def finished(model_dir, *flags, devices=2):
    done = run(*flags, f"--model_dir={model_dir}", devices=devices)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def result_of(model_dir):
    content = json.loads((model_dir / "result.json").read_text())
    return {name: value for name, value in content.items() if name not in TIMES}


def rows_of(model_dir):
    with (model_dir / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if name not in TIMES} for row in rows]


def variables_of(model_dir):
    with plain_paths.alias(model_dir) as directory:
        newest = max(
            int(path.stem.split("-")[1]) for path in (directory / "checkpoints").glob("*.index")
        )
        reader = tf.train.load_checkpoint(str(directory / "checkpoints" / f"step-{newest}"))
        names = [name for name in reader.get_variable_to_shape_map() if "variables" in name]
        return {name: reader.get_tensor(name) for name in names}


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """The run directory of a child trained on two devices."""
    model_dir = tmp_path_factory.mktemp("evaluated") / ODD
    finished(model_dir, *EVALUATE)
    return model_dir


def test_a_search_runs_from_flags_to_a_cell(tmp_path):
    finished(tmp_path / ODD, *TINY, "--epochs=1")
    genotype_source.read_genotype(tmp_path / ODD / "genotype.json")
    assert result_of(tmp_path / ODD)["steps"] == 8
    assert [row["epoch"] for row in rows_of(tmp_path / ODD)] == ["1.0"]


def test_a_killed_training_continues_to_the_same_end(evaluated, tmp_path):
    killed = tmp_path / ODD
    flags = (*EVALUATE, f"--model_dir={killed}", "--checkpoint_every_steps=3")
    kill_after_step(3, killed, *flags, devices=2)
    assert "resuming" in finished(killed, *flags)
    assert result_of(killed) == result_of(evaluated)
    assert rows_of(killed) == rows_of(evaluated)
    expected, received = variables_of(evaluated), variables_of(killed)
    assert expected.keys() == received.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(received[name], value, err_msg=name)
    steps = {path.name.split(".")[0] for path in (killed / "checkpoints").iterdir()}
    assert steps == {"step-24", "step-27", "step-30"}


def test_the_reported_errors_are_those_of_the_export(evaluated):
    model_dir = evaluated
    dataset = memory_collection.read(DataConfig("digits", batch_size=90), with_test=True).split(
        seed=0
    )
    with plain_paths.alias(model_dir / "export") as export:
        serve = tf.saved_model.load(str(export)).signatures["serving_default"]
    result = result_of(model_dir)
    for images, name in ((dataset.test, "test_error"), (dataset.validation, "valid_accuracy")):
        probabilities = serve(image=tf.constant(images.images))["probabilities"].numpy()
        right = (probabilities.argmax(axis=1) == images.labels).mean()
        expected = 1 - right if name == "test_error" else right
        assert result[name] == pytest.approx(expected, abs=1e-9)
    assert rows_of(model_dir)[-1]["valid_accuracy"] == str(result["valid_accuracy"])
