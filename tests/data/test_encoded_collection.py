import io
import os

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from snas_tf.config import DataConfig
from snas_tf.data import decoding, encoded_collection
from snas_tf.data.batches import VALIDATION
from snas_tf.data.encoded_dataset import EncodedDataset
from snas_tf.data.image_errors import as_user_errors
from snas_tf.data.tfds_records import TFRecords
from snas_tf.errors import UserError
from tests.data.images_on_disk import CORRUPT, make_folder, picture, save


def config(root, dataset="folder", batch_size=4, **values):
    return DataConfig(dataset, root, batch_size=batch_size, **values)


def load(config):
    return encoded_collection.read(config).split(seed=0)


def examples(source):
    """What the reader gives for every position."""
    read = tf.function(source.make_reader())
    return [
        tuple(value.numpy() for value in read(tf.constant(p, tf.int64))) for p in range(len(source))
    ]


def jpeg(seed):
    stream = io.BytesIO()
    PIL.Image.fromarray(picture(seed, 20 + seed, 30)).save(stream, "JPEG")
    return stream.getvalue()


def prepare(root, splits=("train", "validation"), withheld=(), file_format=None, name="tiny"):
    """Writes a TFDS copy of 7 JPEGs of their own sizes a split; returns (bytes, label) of each."""
    images = {
        split: [(jpeg(10 * number + i), -1 if split in withheld else i % 3) for i in range(7)]
        for number, split in enumerate(splits)
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=root,
        split_datasets={
            split: [
                (i, {"image": io.BytesIO(data), "label": label, "file_name": f"{i}.JPEG"})
                for i, (data, label) in enumerate(of_split)
            ]
            for split, of_split in images.items()
        },
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(encoding_format="jpeg"),
                "label": tfds.features.ClassLabel(names=["p", "q", "r"]),
                "file_name": tfds.features.Text(),
            }
        ),
        file_format=file_format,
    )
    return images


def test_a_folder_is_listed_by_class_and_read_as_it_is(tmp_path):
    root = make_folder(tmp_path)
    dataset = load(config(root))
    assert dataset.name == "folder"
    assert dataset.class_names == ("a", "b", "c")
    assert dataset.image_size == (224, 224)
    assert dataset.mirror
    for part, source in (("train", dataset.train), ("val", dataset.validation)):
        paths = sorted((root / part).glob("*/*"))
        expected = [(path.read_bytes(), "abc".index(path.parent.name)) for path in paths]
        assert examples(source) == expected


def test_no_image_is_opened_by_loading(tmp_path):
    root = make_folder(tmp_path)
    for path in root.rglob("*.*"):
        path.write_bytes(b"")
    assert len(load(config(root)).train) == 19


def test_the_statistics_are_those_of_imagenet(tmp_path):
    mean, deviation = load(config(make_folder(tmp_path))).channel_statistics()
    assert mean.dtype == deviation.dtype == np.float32
    np.testing.assert_allclose(mean / 255, [0.485, 0.456, 0.406], rtol=1e-6)
    np.testing.assert_allclose(deviation / 255, [0.229, 0.224, 0.225], rtol=1e-6)


def test_the_validation_images_are_in_val_or_else_in_test(tmp_path):
    root = make_folder(tmp_path)
    (root / "val").rename(root / "test")
    assert len(load(config(root)).validation) == 9
    make_folder(root)
    for path in (root / "test").glob("*/2.jpg"):
        path.unlink()
    assert len(load(config(root)).validation) == 9


def test_a_folder_without_validation_images_is_refused(tmp_path):
    root = make_folder(tmp_path) / "train"
    with pytest.raises(UserError, match=rf"^`data_dir`={root}: has no validation images; accepted"):
        load(config(root))


@pytest.mark.parametrize(("name", "value"), [("image_size", 31), ("batch_size", 20)])
def test_a_value_that_the_images_do_not_allow_is_refused_by_its_name(tmp_path, name, value):
    make_folder(tmp_path)
    with pytest.raises(UserError, match=f"^`{name}`={value}: .*accepted: "):
        load(config(tmp_path, **{name: value}))


def test_corrupt_files_are_left_out_and_counted_on_request(tmp_path, caplog):
    root = make_folder(tmp_path, corrupt=True)
    assert len(load(config(root)).train) == 20
    with caplog.at_level("WARNING", logger="absl"):
        dataset = load(config(root, skip_corrupt_images=True))
    assert len(dataset.train) == 19
    assert root / CORRUPT not in [path for path, _ in dataset.train.files]
    assert f"{root / CORRUPT}: left out, not a readable image" in caplog.text
    summary = encoded_collection.read(config(root, skip_corrupt_images=True)).summary()
    assert "left out of train/c/: unreadable images (1)" in summary


def test_a_class_of_corrupt_files_only_is_refused(tmp_path):
    root = make_folder(tmp_path)
    for path in (root / "val" / "b").iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match=r"^`data_dir`: .*val/b has no readable image"):
        load(config(root, skip_corrupt_images=True))


def test_rewriting_gives_the_pixels_of_pillow(tmp_path):
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


@pytest.mark.parametrize(
    ("splits", "withheld", "taken"),
    [
        (("train", "validation", "test"), ("test",), "validation"),
        (("train", "test", "validation"), ("validation",), "test"),
        (("train", "test"), (), "test"),
    ],
)
def test_the_validation_images_are_of_a_split_with_labels(tmp_path, splits, withheld, taken):
    images = prepare(tmp_path, splits, withheld)
    dataset = load(config(tmp_path, "tiny"))
    assert sorted(examples(dataset.validation)) == sorted(images[taken])


def test_a_data_set_without_validation_labels_is_refused(tmp_path):
    prepare(tmp_path, ("train", "test"), withheld=("test",))
    with pytest.raises(UserError, match=r"^`dataset`=tiny: has no labeled images besides"):
        load(config(tmp_path, "tiny"))


def test_characters_are_not_mirrored(tmp_path):
    prepare(tmp_path, name="tiny_svhn")
    assert not load(config(tmp_path, "tiny_svhn")).mirror


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_a_damaged_prepared_copy_is_refused(tmp_path, share):
    prepare(tmp_path)
    (train,) = tmp_path.glob("tiny/1.0.0/*-train.*")
    os.truncate(train, int(train.stat().st_size * share))
    with pytest.raises(UserError, match=r"^`dataset`=tiny: .* can't be read \(.*within a record"):
        load(config(tmp_path, "tiny"))


def test_digits_are_refused():
    with pytest.raises(UserError, match=r"^`dataset`=digits: .*accepted: folder"):
        load(config(None, "digits"))


def test_imagenet_without_its_archives_says_what_is_missing(tmp_path):
    with pytest.raises(UserError) as raised:
        load(config(tmp_path, "imagenet2012"))
    message = str(raised.value)
    assert message.startswith("`dataset`=imagenet2012: ")
    assert str(tmp_path / "downloads" / "manual") in message
    assert "\n" not in message


def test_records_are_found_across_files_whatever_their_bytes(tmp_path):
    generator = np.random.default_rng(0)
    records = [generator.bytes(int(size)) + b"\0\0" for size in generator.integers(0, 99, 20)]
    paths = []
    for number, part in enumerate((records[:3], [], records[3:12], records[12:])):
        paths.append(tmp_path / str(number))
        with tf.io.TFRecordWriter(str(paths[-1])) as writer:
            for record in part:
                writer.write(record)
    found = TFRecords(paths)
    assert len(found) == 20
    assert [found[position] for position in range(20)] == records
    for position in (-1, 20):
        with pytest.raises(IndexError):
            found[position]


def rewrite(root, change, split="train", name="tiny"):
    """Writes a split anew, with right checksums; `change` is given a `tf.train.Example`."""
    (path,) = root.glob(f"{name}/1.0.0/*-{split}.*")
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number, record in enumerate(records):
            example = tf.train.Example.FromString(record)
            change(number, example)
            writer.write(example.SerializeToString())


def read_all(source):
    dataset = EncodedDataset("x", source, source, ("a", "b"), (32, 32))
    with as_user_errors():
        return list(dataset.evaluation_batches(VALIDATION, 1))


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


def test_the_digest_of_a_folder_is_of_its_content_wherever_it_lies(tmp_path):
    first = encoded_collection.read(config(make_folder(tmp_path / "a"))).fingerprint
    root = (tmp_path / "a").rename(tmp_path / "b")
    assert encoded_collection.read(config(root)).fingerprint == first
    (root / "val/a/0.jpg").write_bytes((root / "val/a/1.jpg").read_bytes())
    assert encoded_collection.read(config(root)).fingerprint != first


def test_the_summary_says_what_is_read(tmp_path):
    root = make_folder(tmp_path)
    (root / "train/a/0.heic").write_bytes(b"")
    summary = encoded_collection.read(config(root)).summary()
    for text in (
        "19 train, 9 validation",
        "3: a, b, c",
        "224 x 224",
        "left out of train/a/: .heic",
    ):
        assert text in summary
    assert "`mirror`=False" in summary
    assert "`mirror`=False" not in encoded_collection.read(config(root, mirror=False)).summary()
    assert not load(config(root, mirror=False)).mirror


@pytest.fixture
def count_checked(monkeypatch):
    """What counts the images that have been checked."""
    checked = []
    original = decoding.find_damage

    def find_damage(file):
        checked.append(file)
        return original(file)

    monkeypatch.setattr(decoding, "find_damage", find_damage)
    return lambda: len(checked)


def test_images_are_checked_once_for_a_run(tmp_path, count_checked):
    root, cache = make_folder(tmp_path / "images"), tmp_path / "run"
    first = encoded_collection.read(config(root), cache)
    assert count_checked() == 28
    assert encoded_collection.read(config(root), cache).fingerprint == first.fingerprint
    assert encoded_collection.read(config(root.rename(tmp_path / "moved")), cache)
    assert count_checked() == 28
    save(tmp_path / "moved/train/a/more.png", picture(9, 40, 40))
    encoded_collection.read(config(tmp_path / "moved"), cache)
    assert count_checked() == 28 + 29


def test_a_damaged_training_image_is_found_before_a_run_trains(tmp_path):
    root, cache = make_folder(tmp_path / "images", corrupt=True), tmp_path / "run"
    with pytest.raises(UserError, match=f"^{root / CORRUPT}: not a readable image"):
        encoded_collection.read(config(root), cache)


def test_the_same_images_are_left_out_when_a_run_goes_on(tmp_path, count_checked):
    root, cache = make_folder(tmp_path / "images", corrupt=True), tmp_path / "run"
    lenient = config(root, skip_corrupt_images=True)
    first, again = (encoded_collection.read(lenient, cache) for _ in range(2))
    assert count_checked() == 29
    assert again.fingerprint == first.fingerprint
    assert again.summary() == first.summary()
    assert again.dataset.train.files == first.dataset.train.files
    assert root / CORRUPT not in [path for path, _ in first.dataset.train.files]
    with pytest.raises(UserError, match=f"^{root / CORRUPT}: not a readable image"):
        encoded_collection.read(config(root), cache)


def test_an_image_of_32_bits_is_damaged_too(tmp_path):
    root = make_folder(tmp_path / "images")
    PIL.Image.fromarray(np.zeros((40, 40), np.float32)).save(root / "train/a/deep.tiff")
    with pytest.raises(UserError, match=r"train/a/deep.tiff: .*pixels of 32 bits"):
        encoded_collection.read(config(root), tmp_path / "run")


def test_a_prepared_copy_is_checked_too(tmp_path):
    prepare(tmp_path)

    def change(number, example):
        if number == 2:
            image = example.features.feature["image"].bytes_list
            image.value[0] = image.value[0][:-40]

    rewrite(tmp_path, change)
    with pytest.raises(UserError, match=r"^`dataset`=tiny: example 2 can't be read"):
        encoded_collection.read(config(tmp_path, "tiny"), tmp_path / "run")
