"""A found cell trained, tested and exported by the program."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.workflows import child_training
from tests.programs import run_in_process

EVALUATE = (
    "--mode=evaluate",
    "--genotype=snas_aggressive",
    "--dataset=digits",
    "--num_cells=3",
    "--init_channels=2",
    "--batch_size=160",
    "--epochs=2",
    "--cutout_length=2",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of two seeds, and what it printed."""
    model_dir = tmp_path_factory.mktemp("evaluated") / "run"
    done = run_in_process(*EVALUATE, "--num_seeds=2", f"--model_dir={model_dir}")
    assert done.returncode == 0, done.stderr
    return model_dir, done.stdout


def result_of(model_dir):
    return json.loads((model_dir / "result.json").read_text())


def weights(model_dir):
    reader = tf.train.load_checkpoint(str(model_dir / "checkpoints" / "step-16"))
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("variables/")]
    return {name: reader.get_tensor(name) for name in names}


def test_every_seed_leaves_its_files(finished):
    assert {path.name for path in (finished[0] / "seed_1").iterdir()} == {
        "best",
        "checkpoints",
        "curves.png",
        "export",
        "genotype.json",
        "metrics.csv",
        "network.json",
        "normal.png",
        "normal.svg",
        "reduce.png",
        "reduce.svg",
        "result.json",
        "run.json",
        "tensorboard",
    }


def test_seeds_are_averaged_with_their_deviation(finished):
    result = result_of(finished[0])
    errors = [result_of(finished[0] / f"seed_{seed}")["test_error"] for seed in (0, 1)]
    assert errors[0] != errors[1]
    assert result["test_error"] == pytest.approx(np.mean(errors))
    assert result["test_error_deviation"] == pytest.approx(np.std(errors, ddof=1))
    assert [seed["test_error"] for seed in result["seeds"]] == errors
    assert "+-" in finished[1]


def test_a_missing_figure_has_no_mean():
    one = {**dict.fromkeys(child_training.AVERAGED, 0.5), "seconds": 1.0, "best_valid_epoch": 1}
    averaged = child_training.average([one, {**one, "valid_accuracy": None}])
    assert averaged["valid_accuracy"] is None
    assert averaged["valid_accuracy_deviation"] is None
    assert averaged["test_error_deviation"] == 0


def assert_share_of_the_test_images(error):
    """Of the digits, 297 are test images."""
    assert error * 297 == pytest.approx(round(error * 297), abs=1e-4)
    assert 0 < error < 1


def test_the_last_epochs_error_is_told_from_that_of_the_best_validation_epoch(finished):
    result = result_of(finished[0] / "seed_0")
    with (finished[0] / "seed_0" / "metrics.csv").open() as file:
        accuracies = [float(row["valid_accuracy"]) for row in csv.DictReader(file)]
    assert result["valid_accuracy"] == pytest.approx(accuracies[-1])
    assert result["best_valid_accuracy"] == pytest.approx(max(accuracies))
    assert result["best_valid_epoch"] == 1 + np.argmax(accuracies)
    for name in ("test_error", "test_error_at_best_validation"):
        assert_share_of_the_test_images(result[name])
    assert "the last epoch's weights" in finished[1]
    assert "the weights of the best validation epoch" in finished[1]


def test_another_genotype_on_the_same_directory_is_refused(finished):
    done = run_in_process(*EVALUATE, "--genotype=darts_v1", f"--model_dir={finished[0] / 'seed_0'}")
    assert done.returncode == 2
    assert "--genotype: not the genotype of the run" in done.stderr


def test_a_run_without_validation_images_reports_the_test_error_alone(tmp_path):
    flags = (*EVALUATE, "--epochs=0", "--validation_fraction=0", "--auxiliary_weight=0")
    done = run_in_process(*flags, f"--model_dir={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    result = result_of(tmp_path / "run")
    assert_share_of_the_test_images(result["test_error"])
    assert result["valid_accuracy"] is None
    assert result["test_error_at_best_validation"] is None
