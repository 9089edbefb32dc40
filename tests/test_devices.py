"""Whole programs on two and three logical devices, in a directory with an odd name."""

import csv
import json

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from snas_tf.config import DataConfig
from snas_tf.data import memory_collection
from snas_tf.files import plain_paths
from tests.data.images_on_disk import make_folder
from tests.programs import run

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


def test_the_errors_of_images_on_disk_are_those_of_the_export_on_three_devices(tmp_path):
    images, model_dir = make_folder(tmp_path / "images"), tmp_path / ODD
    flags = ("--mode=imagenet", "--genotype=snas_aggressive", "--dataset=folder", "--epochs=1")
    size = ("--num_cells=3", "--init_channels=4", "--image_size=32", "--batch_size=6")
    finished(model_dir, *flags, *size, f"--data_dir={images}", devices=3)
    with plain_paths.alias(model_dir / "export") as export:
        serve = tf.saved_model.load(str(export)).signatures["serving_default"]
    right = []
    for path in sorted((images / "val").glob("*/*.jpg")):
        pixels = np.asarray(PIL.Image.open(path).convert("RGB"))
        found = serve(image=tf.constant(pixels[np.newaxis]))
        name = found["class_names"].numpy()[int(np.argmax(found["probabilities"]))]
        right.append(name.decode() == path.parent.name)
    assert len(right) == 9  # The last batch is filled up.
    assert result_of(model_dir)["test_error"] == pytest.approx(1 - np.mean(right), abs=1e-6)
