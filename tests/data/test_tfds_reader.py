import io
import os

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from snas_tf.config import DataConfig
from snas_tf.data import memory_collection
from snas_tf.errors import UserError
from tests.data.tiny_data_sets import both, laid_on_white, load, noise, prepare, rows


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_prepared_tfds_copy_is_read_without_its_test_split(tmp_path, channels):
    images = prepare(tmp_path, "tiny", channels)["train"]
    (test_split,) = tmp_path.glob("tiny/1.0.0/*-test.*")
    test_split.unlink()
    before = sorted(tmp_path.rglob("*"))
    dataset = load(DataConfig("tiny", tmp_path, batch_size=2))
    expected = np.repeat(images, 3, axis=-1) if channels == 1 else images
    if channels == 4:
        expected = laid_on_white(images[..., :3], images[..., 3:])
    assert rows(both(dataset)[0]) == rows(expected)
    assert np.bincount(both(dataset)[1]).tolist() == [4, 4, 4]
    assert dataset.class_names == ("p", "q", "r")
    assert dataset.mirror
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("splits", "withheld", "tested"),
    [
        (("train", "test"), (), "test"),
        (("train", "validation", "test"), (), "test"),
        (("train", "validation"), (), "validation"),
        (("train", "validation", "test"), ("test",), "validation"),
        (("train", "test"), ("test",), None),
        (("train", "extra"), (), None),
    ],
)
def test_the_test_images_of_tfds_are_of_the_labeled_test_or_validation_split(
    tmp_path, splits, withheld, tested
):
    images = prepare(tmp_path, "tiny", splits=splits, withheld=withheld)
    config = DataConfig("tiny", tmp_path, batch_size=2)
    dataset = load(config, with_test=True)
    assert rows(both(dataset)[0]) == rows(images["train"])
    if tested is None:
        assert dataset.test is None
    else:
        labels = {image.tobytes(): i % 3 for i, image in enumerate(images[tested])}
        assert rows(dataset.test.images) == rows(images[tested])
        assert [labels[image.tobytes()] for image in dataset.test.images] == list(
            dataset.test.labels
        )


def test_tfds_test_images_are_resized_as_the_training_images_are(tmp_path):
    images = prepare(tmp_path, "tiny", channels=1)["test"]
    config = DataConfig("tiny", tmp_path, batch_size=2, image_size=20)
    test = load(config, with_test=True).test.images
    assert rows(test) == rows(images.repeat(2, axis=1).repeat(2, axis=2).repeat(3, axis=3))


def test_tfds_splits_that_are_not_wanted_are_not_read(tmp_path):
    prepare(tmp_path, "tiny", splits=("train", "validation", "test"))
    (unwanted,) = tmp_path.glob("tiny/1.0.0/*-validation.*")
    unwanted.unlink()
    config = DataConfig("tiny", tmp_path, batch_size=2)
    assert len(load(config, with_test=True).test) == 12


def test_tfds_characters_are_not_mirrored(tmp_path):
    prepare(tmp_path, "tiny_mnist")
    assert not load(DataConfig("tiny_mnist", tmp_path, batch_size=2)).mirror


def prepare_photographs(data_dir):
    """Write a TFDS copy of images of several sizes, one of them rotated; return them."""
    pixels = [noise(12 + number, 16, 3) for number in range(6)]
    lying = PIL.Image.Exif()
    lying[0x0112] = 6
    streams = [io.BytesIO() for _ in pixels]
    for number, (image, stream) in enumerate(zip(pixels, streams, strict=True)):
        stored = np.rot90(image) if number == 3 else image
        options = {"exif": lying} if number == 3 else {}
        PIL.Image.fromarray(stored).save(stream, "PNG", **options)
        stream.seek(0)
    tfds.dataset_builders.store_as_tfds_dataset(
        name="photographs",
        version="1.0.0",
        data_dir=data_dir,
        split_datasets={
            "train": [(i, {"image": one, "label": i % 2}) for i, one in enumerate(streams)]
        },
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(encoding_format="png"),
                "label": tfds.features.ClassLabel(names=["p", "q"]),
            }
        ),
    )
    return pixels


def test_photographs_of_tfds_are_read_upright(tmp_path):
    pixels = prepare_photographs(tmp_path)
    config = DataConfig("photographs", tmp_path, 8, 1)
    images, _ = both(load(config))
    expected = [tf.image.resize(image, (8, 8), "area").numpy() for image in pixels]
    assert rows(images) == rows([np.rint(image).astype(np.uint8) for image in expected])


def test_a_tfds_label_of_no_class_is_named(tmp_path):
    prepare(tmp_path, "tiny", withheld=("train",))
    with pytest.raises(UserError, match=r"example 0 has the label -1, not 0 to 2"):
        memory_collection.read(DataConfig("tiny", tmp_path, batch_size=2))


def test_a_damaged_tfds_copy_is_refused(tmp_path):
    prepare(tmp_path, "tiny")
    (train,) = tmp_path.glob("tiny/1.0.0/*-train.*")
    os.truncate(train, train.stat().st_size // 2)
    with pytest.raises(UserError, match=r"^`dataset`=tiny: the prepared copy in .* can't be read"):
        load(DataConfig("tiny", tmp_path))
