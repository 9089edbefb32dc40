import os

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from snas_tf.data import encoded_collection
from snas_tf.data.tfds_records import TFRecords
from snas_tf.errors import UserError
from tests.data.encoded_data_sets import config, examples, load, prepare, read_all, rewrite
from tests.data.images_on_disk import make_folder


def test_an_image_read_as_png_has_the_pixels_of_pillow(tmp_path):
    source = load(config(make_folder(tmp_path))).train
    for position, (path, label) in enumerate(source.files):
        png, found = source.read_as_png(position)
        expected = np.asarray(PIL.Image.open(path).convert("RGB"))
        np.testing.assert_array_equal(tf.io.decode_png(png), expected)
        assert found == label


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_a_prepared_copy_is_read_by_position_still_encoded(tmp_path, file_format):
    images = prepare(tmp_path, file_format=file_format)
    before = sorted(tmp_path.rglob("*"))
    dataset = load(config(tmp_path, "tiny"))
    assert dataset.class_names == ("p", "q", "r")
    assert sorted(examples(dataset.train)) == sorted(images["train"])
    assert sorted(examples(dataset.validation)) == sorted(images["validation"])
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_a_damaged_prepared_copy_is_refused(tmp_path, share):
    prepare(tmp_path)
    (train,) = tmp_path.glob("tiny/1.0.0/*-train.*")
    os.truncate(train, int(train.stat().st_size * share))
    with pytest.raises(UserError, match=r"^`dataset`=tiny: .* can't be read \(.*within a record"):
        load(config(tmp_path, "tiny"))


@pytest.mark.parametrize("place", [4, 9, 200, -2])
def test_a_changed_bit_of_a_record_is_found_by_its_checksums(tmp_path, place):
    """In the length, its checksum, the image, or the checksum of the record."""
    prepare(tmp_path)
    (path,) = tmp_path.glob("tiny/1.0.0/*-train.*")
    records = TFRecords([path])
    content = bytearray(path.read_bytes())
    third, fourth = (int(records._starts[number]) for number in (3, 4))
    content[third + place if place > 0 else fourth + place] ^= 1
    source = load(config(tmp_path, "tiny")).train
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"^`dataset`=tiny: example 3 can't be read \("):
        read_all(source)


@pytest.mark.parametrize("label", [3, -1, 2**40])
def test_a_label_of_no_class_is_named(tmp_path, label):
    prepare(tmp_path)

    def change(number, example):
        if number == 2:
            example.features.feature["label"].int64_list.value[0] = label

    rewrite(tmp_path, change)
    source = load(config(tmp_path, "tiny")).train
    with pytest.raises(
        UserError, match=rf"example 2 can't be read \(its label is {label}, not 0 to"
    ):
        read_all(source)


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_the_digest_of_a_prepared_copy_is_of_its_content(tmp_path, file_format):
    prepare(tmp_path / "a", file_format=file_format)
    (tmp_path / "b").mkdir()
    first = encoded_collection.read(config(tmp_path / "a", "tiny")).fingerprint
    (tmp_path / "a" / "tiny").rename(tmp_path / "b" / "tiny")
    assert encoded_collection.read(config(tmp_path / "b", "tiny")).fingerprint == first
    assert first["images"] == {"train": 7, "validation": 7}
    if file_format == "tfrecord":
        rewrite(tmp_path / "b", lambda number, one: one.features.feature.pop("file_name"))
        assert encoded_collection.read(config(tmp_path / "b", "tiny")).fingerprint != first


def test_a_prepared_copy_is_checked_too(tmp_path):
    prepare(tmp_path)

    def change(number, example):
        if number == 2:
            image = example.features.feature["image"].bytes_list
            image.value[0] = image.value[0][:-40]

    rewrite(tmp_path, change)
    with pytest.raises(UserError, match=r"^`dataset`=tiny: example 2 can't be read"):
        encoded_collection.read(config(tmp_path, "tiny"), tmp_path / "run")
