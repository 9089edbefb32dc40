import json
import shutil

import numpy as np
import pytest

from snas_tf.config import DataConfig
from snas_tf.data import memory_collection
from snas_tf.errors import UserError
from tests.data.tiny_data_sets import both, load, noise, prepare, replace, rows, same, save


@pytest.mark.parametrize("name", ["digits", "folder"])
def test_the_validation_images_are_the_same_with_and_without_the_test_images(parts, name):
    data_dir = parts[0].data_dir if name == "folder" else None
    config = replace(parts[0], dataset=name, data_dir=data_dir)
    searched, evaluated = (load(config, 3, with_test) for with_test in (False, True))
    assert evaluated.test is not None
    assert same(searched.validation, evaluated.validation)
    assert same(searched.train, evaluated.train)


def test_only_an_evaluation_may_train_on_every_image(folder):
    config, a, b = folder
    config = replace(config, validation_fraction=0.0)
    dataset = load(config, with_test=True)
    assert rows(dataset.train.images) == rows([*a, *b])
    assert len(dataset.validation) == 0
    assert dataset.validation.images.shape == (0, 10, 12, 3)
    with pytest.raises(UserError, match=r"^`validation_fraction`=0.0: .*accepted: more than 0"):
        load(config)


def test_the_validation_images_are_disjoint_and_decided_by_the_seed(folder):
    config, a, b = folder
    first, again = load(config, seed=3), load(config, seed=3)
    assert len(first.train) == 4
    assert len(first.validation) == 2
    assert rows(both(first)[0]) == rows([*a, *b])
    np.testing.assert_array_equal(first.validation.images, again.validation.images)
    np.testing.assert_array_equal(first.train.images, again.train.images)
    held_out = {load(config, seed).validation.images.tobytes() for seed in range(8)}
    assert len(held_out) > 1


@pytest.mark.parametrize(
    ("fraction", "count"), [(0.0001, 10), (0.1, 150), (0.5, 750), (0.9999, 1490)]
)
def test_at_least_one_image_of_each_class_is_on_each_side_of_the_split(fraction, count):
    config = DataConfig("digits", validation_fraction=fraction, batch_size=1)
    dataset = load(config)
    assert len(dataset.validation) == count
    assert len(dataset.train) == 1500 - count
    for part in (dataset.train, dataset.validation):
        assert set(part.labels) == set(range(10))


def test_a_search_with_a_validation_part_needs_no_fraction(parts):
    config = replace(parts[0], validation_fraction=0.0)
    assert len(load(config).validation) == 6


@pytest.mark.parametrize(("name", "value"), [("validation_fraction", 0.0), ("batch_size", 1351)])
def test_a_value_that_the_images_do_not_allow_is_refused_by_its_name(name, value):
    with pytest.raises(UserError, match=f"^`{name}`={value}: .*accepted: "):
        load(DataConfig("digits", **{name: value}))


def test_the_whole_training_set_may_be_one_batch():
    assert len(load(DataConfig("digits", batch_size=1350)).train) == 1350


@pytest.mark.parametrize("mirror", [False, True])
def test_mirroring_can_be_chosen(folder, mirror):
    collection = memory_collection.read(replace(folder[0], mirror=mirror))
    assert collection.split(0).mirror == mirror
    assert ("`mirror`=False" in collection.summary()) == mirror
    assert load(DataConfig("digits", mirror=mirror)).mirror == mirror


def test_a_summary_says_what_a_run_learns_from(parts):
    config, _ = parts
    save(config.data_dir / "train/a/more.png", noise(10, 12, 3))
    (config.data_dir / "train/b/photo.HEIC").write_bytes(b"")
    summary = memory_collection.read(config, with_test=True).summary()
    assert summary.splitlines()[:3] == [
        "images    7 train, 6 validation, 6 test",
        "classes   2: a, b",
        "size      10 x 12 pixels",
    ]
    assert "left out of train/b/: .heic (1)" in summary
    shutil.rmtree(config.data_dir / "val")
    assert memory_collection.read(config).summary().startswith("images    5 train, 2 validation\n")


def test_a_class_of_one_image_is_named(folder):
    config, *_ = folder
    save(config.data_dir / "lonely" / "0.png", noise(10, 12, 3))
    collection = memory_collection.read(config)
    assert "classes without a validation image, as they have 1: lonely" in collection.summary()
    assert set(collection.split(0).validation.labels) == {0, 1}
    assert set(collection.split(0).train.labels) == {0, 1, 2}


def moved(root):
    return root.rename(root.with_name("moved"))


def with_a_changed_image(root):
    save(root / "train/a/0.png", noise(10, 12, 3))
    return root


def with_an_image_more(root):
    save(root / "val/a/9.png", noise(10, 12, 3))
    return root


def with_an_image_in_another_class(root):
    (root / "train/a/0.png").rename(root / "train/b/9.png")
    return root


def with_another_class_name(root):
    for part in ("train", "val", "test"):
        (root / part / "a").rename(root / part / "aa")
    return root


@pytest.mark.parametrize(
    "change",
    [
        moved,
        with_a_changed_image,
        with_an_image_more,
        with_an_image_in_another_class,
        with_another_class_name,
    ],
)
def test_the_fingerprint_is_of_the_content_wherever_it_lies(parts, change):
    config, _ = parts
    # Below the fixture's directory, which is named for the test.
    root = config.data_dir / "images"
    root.mkdir()
    for part in ("train", "val", "test"):
        (config.data_dir / part).rename(root / part)
    before = memory_collection.read(replace(config, data_dir=root)).fingerprint
    after = memory_collection.read(replace(config, data_dir=change(root))).fingerprint
    assert json.loads(json.dumps(before)) == before
    assert (before == after) == (change is moved)


@pytest.mark.parametrize("name", ["digits", "tiny"])
def test_the_fingerprint_of_other_data_sets_is_of_what_was_read(tmp_path, name):
    if name == "tiny":
        prepare(tmp_path, "tiny")
    config = DataConfig(name, tmp_path if name == "tiny" else None, batch_size=2)
    searched, again, evaluated = (
        memory_collection.read(config, with_test).fingerprint for with_test in (False, False, True)
    )
    assert searched == again
    assert json.loads(json.dumps(searched)) == searched
    assert list(evaluated["images"]) == ["train", "test"]
    if name == "tiny":
        shutil.rmtree(tmp_path / "tiny")
        prepare(tmp_path, "tiny")
        assert memory_collection.read(config).fingerprint["digest"] != searched["digest"]


def test_without_the_test_images_it_is_what_a_search_reads():
    config = DataConfig("digits")
    whole, searched = (memory_collection.read(config, with_test=one) for one in (True, False))
    assert set(whole.contents.parts) == {"train", "test"}
    left = whole.without_test()
    assert set(left.contents.parts) == {"train"}
    assert left.fingerprint == searched.fingerprint
    assert left.summary() == searched.summary()
