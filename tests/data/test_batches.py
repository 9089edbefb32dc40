"""Properties that all kinds of data set share."""

import dataclasses
import hashlib
import shutil

import numpy as np
import pytest

from snas_tf.config import DataConfig
from snas_tf.data import encoded_collection, memory_collection
from snas_tf.data.arrays import from_arrays
from snas_tf.data.batches import TEST, VALIDATION, BatchConfig
from snas_tf.data.share import Share
from tests.data.images_on_disk import picture, save
from tests.slow import slow


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two classes of PNG images of several sizes: 12 to learn from, 6 in val/."""
    root = tmp_path_factory.mktemp("images")
    for part, count in (("train", 6), ("val", 3)):
        for label, name in enumerate("ab"):
            for number in range(count):
                pixels = picture(10 * label + number, 40 + 7 * number, 50)
                save(root / part / name / f"{number}.png", pixels)
    return root


def memory(root):
    return memory_collection.read(DataConfig("digits"), with_test=True)


def encoded(root):
    return encoded_collection.read(DataConfig("folder", root, 32, 4))


def given(root):
    pixels = np.stack([picture(number, 10, 12) for number in range(40)])
    parts = ((pixels[:24], np.arange(24) % 2), None, (pixels[24:], np.arange(16) % 2))
    return from_arrays(DataConfig("arrays", batch_size=4), *parts, with_test=True)


KINDS = pytest.mark.parametrize("read", [memory, encoded, given])


def arrays(batches):
    return list(batches.as_numpy_iterator())


def digest(batches):
    whole = hashlib.sha256()
    for batch in arrays(batches):
        for key in sorted(batch):
            whole.update(key.encode() + batch[key].dtype.str.encode())
            whole.update(np.ascontiguousarray(batch[key]).tobytes())
    return whole.hexdigest()[:16]


@pytest.mark.parametrize(
    ("read", "config", "first_step", "expected"),
    [
        (memory, BatchConfig(64, 3), 19, "b889284090ddfed6"),
        (memory, BatchConfig(64, 3, 3), 19, "e5e0281e50a44a6c"),
        (encoded, BatchConfig(4, 3, color_jitter=0.0), 2, "f2e96d96f191c6f7"),
        (encoded, BatchConfig(4, 3, 8, color_jitter=0.0), 2, "477f9c1966a12f0e"),
    ],
)
def test_training_batches_are_those_of_earlier_versions(root, read, config, first_step, expected):
    dataset = read(root).split(config.seed)
    assert digest(dataset.training_batches(config, first_step, 5)) == expected


@pytest.mark.parametrize(
    ("read", "batch_size", "part", "expected"),
    [
        (memory, 64, VALIDATION, "39cb5603847bb422"),
        (memory, 64, TEST, "86105e84ff644613"),
        (encoded, 4, VALIDATION, "34c2463828e1e6fb"),
    ],
)
def test_evaluation_batches_are_those_of_earlier_versions(root, read, batch_size, part, expected):
    assert digest(read(root).split(3).evaluation_batches(part, batch_size)) == expected


@KINDS
def test_a_collection_says_what_it_splits(root, read):
    collection = read(root)
    dataset = collection.split(seed=3)
    counts = collection.fingerprint["images"]
    assert collection.fingerprint["class_names"] == list(dataset.class_names)
    assert set(collection.fingerprint["digest"]) == set(counts)
    assert dataset.num_training <= counts["train"]
    assert f"{dataset.num_training:,} train" in collection.summary()


@KINDS
def test_an_epoch_has_only_full_batches(root, read):
    dataset = read(root).split(seed=3)
    steps = dataset.steps_per_epoch(5)
    assert steps == dataset.num_training // 5
    index = [batch["index"] for batch in arrays(dataset.training_batches(BatchConfig(5), 0, steps))]
    assert len(np.unique(index)) == 5 * steps


@KINDS
def test_the_end_of_an_iterator_waits_for_no_thread_that_tunes_it(root, read):
    dataset = read(root).split(seed=0)
    training = dataset.training_batches(BatchConfig(4), 0, 3)
    for batches in (training, dataset.evaluation_batches(VALIDATION, 4)):
        assert batches.options().autotune.enabled is False


@KINDS
def test_batches_have_the_size_that_the_network_is_made_for(root, read):
    dataset = read(root).split(seed=3)
    shape = (4, *dataset.image_size, 3)
    assert dataset.training_batches(BatchConfig(4), 0, 1).element_spec["image"].shape == shape
    for part in (VALIDATION, TEST):
        assert dataset.evaluation_batches(part, 4).element_spec["image"].shape == shape


@pytest.mark.parametrize(
    ("read", "cutout_length"),
    [slow(memory, 0), (memory, 6), (encoded, 6)],
)
def test_the_shares_of_several_processes_are_the_batches_of_one(root, read, cutout_length):
    whole = read(root).split(seed=3)
    parts = [dataclasses.replace(whole, share=Share(index, 2)) for index in (0, 1)]
    config = BatchConfig(4, 3, cutout_length)
    for make in (
        lambda dataset: dataset.training_batches(config, 1, 3),
        lambda dataset: dataset.evaluation_batches(TEST, 4),
    ):
        batches = [make(part) for part in parts]
        assert batches[0].element_spec["image"].shape[0] == 2
        both = zip(*map(arrays, batches), strict=True)
        joined = [{key: np.concatenate([a[key], b[key]]) for key in a} for a, b in both]
        np.testing.assert_equal(joined, arrays(make(whole)))


def test_a_process_reads_only_the_files_of_its_share(tmp_path, root):
    shutil.copytree(root, tmp_path / "images")
    dataset = dataclasses.replace(encoded(tmp_path / "images").split(seed=3), share=Share(1, 3))
    config = BatchConfig(6, 3)
    (expected,) = arrays(dataset.training_batches(config, 0, 1))
    for position in {*range(len(dataset.train))} - {*expected["index"]}:
        dataset.train.files[position][0].unlink()
    (received,) = arrays(dataset.training_batches(config, 0, 1))
    np.testing.assert_equal(received, expected)


@KINDS
def test_a_network_normalizes_by_three_channels(root, read):
    for values in read(root).split(seed=3).channel_statistics():
        assert values.shape == (3,)
        assert values.dtype == np.float32


def test_images_on_disk_are_tested_on_what_is_held_out(root):
    dataset = encoded(root).split(seed=0)
    validation, test = (arrays(dataset.evaluation_batches(part, 6)) for part in (VALIDATION, TEST))
    np.testing.assert_equal(test, validation)


def test_a_part_without_images_has_no_batches():
    config = DataConfig("digits", validation_fraction=0)
    assert memory_collection.read(config, True).split(0).evaluation_batches(VALIDATION, 4) is None
    assert memory_collection.read(DataConfig("digits")).split(0).evaluation_batches(TEST, 4) is None
