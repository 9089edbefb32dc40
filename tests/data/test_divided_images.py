"""Images on disk that are divided: validation images held out, a proxy drawn, parts for DARTS."""

import shutil

import numpy as np
import pytest

from snas_tf.data import encoded_collection, memory_collection
from snas_tf.data.batches import HELD_OUT, TEST, VALIDATION, BatchConfig
from snas_tf.data.held_out_dataset import HeldOutDataset
from snas_tf.errors import UserError
from tests.data.encoded_data_sets import config, examples, prepare
from tests.data.images_on_disk import save

COUNTS = {"train": 8, "val": 3, "test": 2}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Three classes in three parts, PNG images of 40 x 40 pixels of one color."""
    root = tmp_path_factory.mktemp("images")
    for place, (part, count) in enumerate(COUNTS.items()):
        for label, name in enumerate("abc"):
            for number in range(count):
                color = (80 * place + 10, 80 * label + 10, 10 * number + 10)
                pixels = np.full((40, 40, 3), color, np.uint8)
                save(root / part / name / f"{number}.png", pixels)
    return root


@pytest.fixture
def two_parts(root, tmp_path):
    shutil.copytree(root, tmp_path / "two")
    shutil.rmtree(tmp_path / "two" / "test")
    return tmp_path / "two"


def read(root, with_test=False, cache=None, seed=0, **settings):
    settings = {"validation_fraction": 0.25, "image_size": 32, **settings}
    asked = config(root, **{"batch_size": 2, **settings})
    return encoded_collection.read_divided(asked, with_test, cache, seed)


def colors(batches):
    """(part, class, number) of every image, by its color; those of weight 0 left out."""
    return [
        tuple((image[16, 16].astype(int) - 10) // (80, 80, 10))
        for batch in batches.as_numpy_iterator()
        for image, weight in zip(batch["image"], batch["weight"], strict=True)
        if weight
    ]


def paths(source):
    return [path for path, _ in source.files]


def test_validation_images_are_held_out_of_each_class_by_seed(two_parts):
    collection = read(two_parts)
    assert collection.fingerprint["images"] == {"train": 24}
    datasets = [collection.split(seed) for seed in (0, 0, 1)]
    first = datasets[0]
    assert np.bincount(first.validation.labels).tolist() == [2, 2, 2]
    everything = paths(first.train) + paths(first.validation)
    assert sorted(everything) == sorted((two_parts / "train").glob("*/*"))
    held_out = [sorted(paths(one.validation)) for one in datasets]
    assert held_out[0] == held_out[1] != held_out[2]
    assert "18 train, 6 validation" in collection.summary()


def test_they_are_those_that_are_held_out_in_memory(two_parts):
    asked = config(two_parts, batch_size=2, validation_fraction=0.25)
    shutil.rmtree(two_parts / "val")
    in_memory = memory_collection.read(asked).split(5).validation.images[:, 16, 16]
    on_disk = colors(read(two_parts).split(5).evaluation_batches(VALIDATION, 4))
    assert on_disk == [tuple((one.astype(int) - 10) // (80, 80, 10)) for one in in_memory]


def test_a_search_never_reads_what_is_tested_on(two_parts):
    """Such as val/ of ImageNet."""
    searched = read(two_parts).split(0)
    for part in (VALIDATION,):
        assert {place for place, _, _ in colors(searched.evaluation_batches(part, 4))} == {0}
    assert searched.evaluation_batches(TEST, 4) is None
    evaluated = read(two_parts, with_test=True).split(0)
    tested = colors(evaluated.evaluation_batches(TEST, 4))
    assert tested == [(1, label, number) for label in range(3) for number in range(3)]


def test_three_parts_are_what_they_are_called(root):
    dataset = read(root, with_test=True).split(0)
    for part, place, count in ((VALIDATION, 1, 9), (TEST, 2, 6)):
        found = colors(dataset.evaluation_batches(part, 4))
        assert {one for one, _, _ in found} == {place}
        assert len(found) == count
    assert dataset.num_training == 24
    assert read(root).split(0).test is None


def test_a_proxy_is_drawn_before_images_are_checked(root, tmp_path):
    for path in (root / "train").glob("*/*"):
        target = tmp_path / "images" / path.relative_to(root / "train")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    images = tmp_path / "images"
    drawn = read(images, seed=3, classes=2, examples_per_class=4)
    names = drawn.contents.class_names
    (other,) = {*"abc"} - {*names}
    for path in (images / other).iterdir():
        path.write_bytes(b"damaged")
    again = read(images, seed=3, classes=2, examples_per_class=4, cache=tmp_path / "cache")
    assert again.fingerprint == drawn.fingerprint
    assert again.fingerprint["proxy"]["of_images"] == 24
    dataset = again.split(0)
    assert np.bincount(np.append(dataset.train.labels, dataset.validation.labels)).tolist() == [
        4,
        4,
    ]
    for path, label in dataset.train.files:
        assert path.parent.name == names[label]
    with pytest.raises(UserError, match="not a readable image"):
        read(images, cache=tmp_path / "cache")


def test_images_are_divided_for_darts(two_parts):
    """Theta and the architecture learn from different images, and step N's are always the same."""
    dataset = read(two_parts).split(0)
    divided = HeldOutDataset.divide(dataset, 0.5, seed=0, batch_size=2)
    parts = [set(paths(one)) for one in (divided.theta.train, divided.held_out.train)]
    assert not parts[0] & parts[1]
    assert [len(one) for one in parts] == [9, 9]
    assert not (parts[0] | parts[1]) & set(paths(dataset.validation))
    whole, tail = (
        list(divided.training_batches(BatchConfig(2, 7), first, 6 - first).as_numpy_iterator())
        for first in (0, 4)
    )
    np.testing.assert_equal(whole[4:], tail)
    source = divided.held_out.train
    for batch in whole:
        expected = source.labels[batch[HELD_OUT]["index"]]
        assert batch[HELD_OUT]["label"].tolist() == expected.tolist()
    judged = divided.judging_batches(2)
    assert len(colors(judged)) == 9


def test_a_search_without_validation_images_is_refused(two_parts):
    with pytest.raises(UserError, match=r"^`validation_fraction`=0.0: a search needs validation"):
        read(two_parts, validation_fraction=0)
    assert read(two_parts, True, validation_fraction=0).split(0).num_training == 24


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_a_prepared_copy_is_divided_by_its_labels(tmp_path, file_format):
    images = prepare(tmp_path, ("train", "validation"), file_format=file_format)
    collection = read(tmp_path, True, tmp_path / "cache", dataset="tiny", validation_fraction=0.4)
    dataset = collection.split(0)
    assert np.bincount(dataset.validation.labels).tolist() == [1, 1, 1]
    parts = [examples(one) for one in (dataset.train, dataset.validation)]
    assert sorted(parts[0] + parts[1]) == sorted(images["train"])
    for part, source in zip(parts, (dataset.train, dataset.validation), strict=True):
        assert [label for _, label in part] == source.labels.tolist()
    assert sorted(examples(dataset.test)) == sorted(images["validation"])


def test_a_proxy_of_a_prepared_copy_has_new_labels_and_names_its_examples(tmp_path):
    images = prepare(tmp_path, ("train", "validation"))
    drawn = read(tmp_path, True, dataset="tiny", classes=2, seed=1, validation_fraction=0)
    names = drawn.contents.class_names
    expected = [
        (data, names.index("pqr"[label]))
        for part in ("train", "validation")
        for data, label in images[part]
        if "pqr"[label] in names
    ]
    found = [one for part in drawn.contents.parts.values() for one in examples(part)]
    assert sorted(found) == sorted(expected)
    train = drawn.contents.parts["train"]
    numbers = [train.records.number(position) for position in range(len(train))]
    labels = [label for _, label in examples(drawn.contents.parts["train"])]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(labels) < 7


def test_labels_are_read_once_for_a_run(tmp_path, monkeypatch, caplog):
    prepare(tmp_path / "data")
    first = read(tmp_path / "data", cache=tmp_path, dataset="tiny").split(0)
    (path,) = tmp_path.glob("labels-*.npy")
    content = path.read_bytes()
    again = read(tmp_path / "data", cache=tmp_path, dataset="tiny").split(0)
    np.testing.assert_array_equal(again.train.labels, first.train.labels)
    for damaged in (content[:-4], b"", content.replace(b"'<i8'", b"'<f8'")):
        path.write_bytes(damaged)
        third = read(tmp_path / "data", cache=tmp_path, dataset="tiny").split(0)
        np.testing.assert_array_equal(third.train.labels, first.train.labels)
        assert "so labels are read anew" in caplog.text
        assert path.read_bytes() == content
        caplog.clear()


def test_a_label_of_no_class_is_named_when_labels_are_read(tmp_path):
    prepare(tmp_path, ("train", "test"), withheld=("train",))
    with pytest.raises(UserError, match=r"example 0 can't be read \(its label is -1, not 0 to 2"):
        read(tmp_path, dataset="tiny")
