"""Whole programs on several logical devices, or in two processes that train together."""

import csv
import json
import signal
import time

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from snas_tf.config import DataConfig
from snas_tf.data import memory_collection
from snas_tf.files import plain_paths
from tests import machines
from tests.data.images_on_disk import make_folder
from tests.programs import run

ODD = "a [b]*?\\ é"
TIMES = {"images_per_second", "seconds", "finished"}
EVALUATE = (
    "--mode=evaluate",
    "--genotype=|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|skip_connect~2|",
    "--dataset=digits",
    "--num_cells=1",  # A network that is traced soon, as each process does it again.
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


@pytest.mark.slow
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


def one_line(error):
    """The line on standard error, without the program's name."""
    assert len(error.splitlines()) == 1, error
    return error.strip().partition(": ")[2]


def test_two_machines_end_at_a_kill_and_continue_to_what_two_devices_give(evaluated, tmp_path):
    killed = tmp_path / ODD
    flags = (*EVALUATE, f"--model_dir={killed}", "--checkpoint_every_steps=3")
    processes = machines.start(*flags)
    deadline = time.monotonic() + 200
    while not (killed / "checkpoints" / "step-3.index").exists():
        assert time.monotonic() < deadline
        assert all(process.poll() is None for process in processes)
        time.sleep(0.01)
    processes[1].send_signal(signal.SIGKILL)
    before = time.monotonic()
    (status, _, error), _ = machines.finish(processes)
    assert time.monotonic() - before < 30
    assert status == 3
    assert "start all again to continue from the last checkpoint" in one_line(error)
    ended = machines.finish(machines.start(*flags))
    assert [status for status, *_ in ended] == [0, 0], ended
    assert "resuming" in ended[0][1]
    assert "resuming" not in ended[1][1]  # The first one alone reports.
    assert result_of(killed) == pytest.approx(result_of(evaluated), abs=1e-6)
    for received, expected in zip(rows_of(killed), rows_of(evaluated), strict=True):
        for name, value in expected.items():
            assert float(received[name]) == pytest.approx(float(value), abs=1e-6), name
    expected, received = variables_of(evaluated), variables_of(killed)
    for name, value in expected.items():
        np.testing.assert_allclose(received[name], value, atol=1e-6, err_msg=name)
    kept = {path.name.split(".")[0] for path in (killed / "checkpoints").iterdir()}
    assert kept == {"step-24", "step-27", "step-30"}


def test_other_flags_on_a_machine_are_refused_by_all(tmp_path):
    path = tmp_path / ODD
    each = [(f"--model_dir={path}", f"--epochs={epochs}") for epochs in (2, 3)]
    ended = machines.finish(machines.start(*EVALUATE, of_each=each))
    assert [status for status, *_ in ended] == [2, 2]
    for _, _, error in ended:
        assert one_line(error).startswith("--epochs=3: not as on 127.0.0.1:")
        assert "which has --epochs=2" in error
    assert not path.exists()
