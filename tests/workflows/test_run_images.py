"""The images of a run, read again."""

import json
import shutil

import numpy as np
import PIL.Image
import pytest

from snas_tf.config import ChildConfig, DataConfig
from snas_tf.data import encoded_collection, memory_collection
from snas_tf.data.batches import TEST
from snas_tf.errors import UserError
from snas_tf.runs import run_record
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord
from snas_tf.workflows import run_images


def save_folder(root, parts=("train", "val", "test")):
    """Two classes; every image tells its part and number by its pixels."""
    for place, part in enumerate(parts):
        for label in range(2):
            for number in range(5):
                path = root / part / "ab"[label] / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                pixels = np.full((32, 32, 3), 100 * place + 10 * label + number, np.uint8)
                PIL.Image.fromarray(pixels).save(path)
    return root


def make_record(config, images, kind="evaluate", split_seed=5, **inputs):
    record = RunRecord.from_configs(kind, ChildConfig(), config, seed=3)
    return record.with_inputs(split_seed, images=images.fingerprint, **inputs)


def reread(record, tmp_path, data_dir=None):
    """Read the images as a later program does, from the files of the run."""
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir(exist_ok=True)
    run.record.write_text(record.to_json())
    return run_images.read(run_record.read(run.record), run, data_dir)


def test_the_same_images_are_held_out(tmp_path):
    config = DataConfig("digits", validation_fraction=0.2)
    images = memory_collection.read(config, with_test=True)
    dataset = reread(make_record(config, images), tmp_path)
    for part in ("train", "validation"):
        expected, found = (getattr(one, part) for one in (images.split(5), dataset))
        np.testing.assert_array_equal(found.images, expected.images)
    assert len(dataset.validation) == 300


def test_images_are_found_where_the_run_read_them_whatever_the_directory(tmp_path, monkeypatch):
    save_folder(tmp_path / "my images")
    monkeypatch.chdir(tmp_path)
    config = DataConfig("folder", "my images", batch_size=2)
    record = make_record(config, memory_collection.read(config, with_test=True))
    monkeypatch.chdir("/")
    dataset = reread(record, tmp_path)
    assert sorted(set(dataset.train.images.ravel())) == [*range(5), *range(10, 15)]
    assert sorted(set(dataset.validation.images.ravel())) == [*range(100, 105), *range(110, 115)]


def test_images_that_are_not_there_or_others_are_refused_in_one_line(tmp_path):
    root = save_folder(tmp_path / "before")
    config = DataConfig("folder", root, batch_size=2)
    record = make_record(config, memory_collection.read(config, with_test=True))
    moved = shutil.move(root, tmp_path / "after")
    with pytest.raises(UserError, match=r"`data_dir`=.*before can't be read"):
        reread(record, tmp_path)
    assert reread(record, tmp_path, moved).num_training == 10
    (tmp_path / "after" / "train" / "a" / "0.png").unlink()
    with pytest.raises(UserError, match=r"`data_dir`=.*after: not the images of the run in"):
        reread(record, tmp_path, moved)


def test_the_held_out_images_of_the_imagenet_mode_validate_nothing(tmp_path):
    root = save_folder(tmp_path / "images", ("train", "val"))
    config = DataConfig("folder", root, image_size=32, batch_size=2)
    record = make_record(config, encoded_collection.read(config), "imagenet")
    dataset = reread(record, tmp_path)
    assert sorted(set(dataset.training_sample(10).ravel())) == [*range(5), *range(10, 15)]
    assert dataset.evaluation_batches(TEST, 1) is not None
    assert run_images.validation_images(record, dataset) is None


@pytest.mark.parametrize(("fraction", "count"), [(0.1, 150), (0, None)])
def test_there_are_validation_images_where_the_run_held_some_out(tmp_path, fraction, count):
    config = DataConfig("digits", validation_fraction=fraction)
    record = make_record(config, memory_collection.read(config, with_test=True))
    images = run_images.validation_images(record, reread(record, tmp_path))
    assert (images and int(images.cardinality())) == count


def test_arrays_of_a_program_are_no_images_to_read(tmp_path):
    config = DataConfig("digits")
    record = make_record(config, memory_collection.read(config, with_test=True))
    arrays = RunRecord.from_configs("evaluate", DataConfig("arrays")).settings
    with pytest.raises(UserError, match=r"`quantize`=int8: .* which were arrays of a program"):
        reread(RunRecord("evaluate", arrays, record.inputs), tmp_path)


def test_a_record_of_an_earlier_version_has_the_seed_of_its_run(tmp_path):
    config = DataConfig("digits")
    images = memory_collection.read(config, with_test=True)
    content = json.loads(make_record(config, images).to_json())
    del content["sources"]
    earlier = RunRecord(**content)
    expected = images.split(3).train.images
    np.testing.assert_array_equal(reread(earlier, tmp_path).train.images, expected)
    with_weights = earlier.with_inputs(**earlier.inputs, initial_weights={"step": 1})
    with pytest.raises(UserError, match="which did not record what images its initial weights"):
        reread(RunRecord("evaluate", earlier.settings, with_weights.inputs), tmp_path)
