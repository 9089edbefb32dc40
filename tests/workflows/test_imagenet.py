"""--mode=imagenet on a folder of real JPEGs, from files to the SavedModel."""

import csv
import json
import shutil

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from tests.programs import run, run_in_process

CLASSES = ("ant", "bee", "cat")


def save(path, mode, size, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, channels), dtype=np.uint8)
    PIL.Image.fromarray(pixels.squeeze(), mode).save(path)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Three classes, odd sizes, a grayscale and a CMYK file among them."""
    root = tmp_path_factory.mktemp("images")
    for index, name in enumerate(CLASSES):
        for part, count in (("train", 3), ("val", 1)):
            for number in range(count):
                mode = ("RGB", "L", "CMYK")[number]
                size = (231 + 10 * index, 250 - 7 * number)
                save(root / part / name / f"{number}.jpg", mode, size, 10 * index + number)
    return root


def flags(images, model_dir, *more):
    return (
        "--mode=imagenet",
        "--genotype=snas_aggressive",
        "--dataset=folder",
        f"--data_dir={images}",
        "--num_cells=3",
        "--init_channels=4",
        "--batch_size=4",
        "--epochs=2",
        f"--model_dir={model_dir}",
        *more,
    )


@pytest.fixture(scope="module")
def finished(images, tmp_path_factory):
    """A run of two epochs of two steps at 224 x 224, and what it printed."""
    model_dir = tmp_path_factory.mktemp("transferred") / "run"
    done = run_in_process(*flags(images, model_dir))
    assert done.returncode == 0, done.stderr
    return model_dir, done.stdout


def test_the_result_has_top_1_and_top_5_errors(finished):
    model_dir, output = finished
    result = json.loads((model_dir / "result.json").read_text())
    with (model_dir / "metrics.csv").open() as file:
        *_, last = csv.DictReader(file)
    assert result["test_error"] == pytest.approx(1 - float(last["valid_accuracy"]))
    assert result["test_top_5_error"] == 0  # Of three classes.
    assert result["steps"] == 4
    assert result["best_valid_epoch"] is None
    assert "4 channels, " in output
    assert "top-5 error" in output


def test_the_export_classifies_an_image_of_any_size(finished):
    serve = tf.saved_model.load(str(finished[0] / "export")).signatures["serving_default"]
    result = serve(image=tf.fill([1, 100, 140, 3], tf.constant(90, tf.uint8)))
    assert result["probabilities"].shape == (1, 3)
    assert [name.decode() for name in result["class_names"].numpy()] == list(CLASSES)
    described = json.loads((finished[0] / "network.json").read_text())
    assert described["preprocessing"] == "center_crop"  # As in `EncodedDataset.evaluation_batches`.


@pytest.mark.slow
def test_a_run_that_lost_its_end_continues_to_the_same_weights(images, finished, tmp_path):
    model_dir = tmp_path / "run"
    shutil.copytree(finished[0], model_dir)
    (model_dir / "result.json").unlink()
    for path in model_dir.glob("checkpoints/step-4.*"):
        path.unlink()
    done = run_in_process(*flags(images, model_dir))
    assert done.returncode == 0, done.stderr
    assert "resuming" in done.stdout
    assert "after step 2 of 4" in done.stdout
    expected, received = (
        tf.train.load_checkpoint(str(path / "checkpoints" / "step-4"))
        for path in (finished[0], model_dir)
    )
    for name in expected.get_variable_to_shape_map():
        if name.startswith("variables/"):
            value = expected.get_tensor(name)
            np.testing.assert_array_equal(received.get_tensor(name), value, err_msg=name)


def test_a_width_above_the_budget_is_refused(images, tmp_path):
    model_dir = tmp_path / "run"
    done = run_in_process(*flags(images, model_dir, "--max_multiply_adds=1e6"))
    assert done.returncode == 2
    assert "--init_channels=4" in done.stderr
    assert "--max_multiply_adds=0" in done.stderr
    assert not model_dir.exists()


def test_a_corrupt_image_is_named_in_one_line(images, tmp_path):
    broken = tmp_path / "images"
    shutil.copytree(images, broken)
    (broken / "train" / "ant" / "0.jpg").write_bytes(b"not a picture")
    done = run(*flags(broken, tmp_path / "run"))
    assert done.returncode == 2, done.stderr
    assert "ant/0.jpg" in done.stderr
    assert "--skip_corrupt_images" in done.stderr
    assert "Traceback" not in done.stderr
