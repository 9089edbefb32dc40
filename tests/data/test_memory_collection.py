import io
import json
import os
import pathlib
import shutil
import socket
import time

import numpy as np
import PIL.Image
import pytest
import sklearn.datasets
import tensorflow as tf
import tensorflow_datasets as tfds

from snas_tf.config import DataConfig
from snas_tf.data import memory_collection, mirroring, prepared
from snas_tf.data.images import Images
from snas_tf.data.memory_dataset import MemoryDataset
from snas_tf.errors import UserError

RNG = np.random.default_rng(0)


def load(config, seed=0, with_test=False):
    return memory_collection.read(config, with_test).split(seed)


def noise(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def both(dataset):
    return (
        np.concatenate([dataset.train.images, dataset.validation.images]),
        np.concatenate([dataset.train.labels, dataset.validation.labels]),
    )


def rows(images):
    return sorted(image.tobytes() for image in images)


def save(path: pathlib.Path, pixels, mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels, mode if mode == "CMYK" else None).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    """Two classes of three 10 x 12 images each; (config, pixels of class "a", of class "b")."""
    pixels = noise(2, 3, 10, 12, 3)
    for name, images in zip("ab", pixels, strict=True):
        for index, image in enumerate(images):
            save(tmp_path / name / f"{index}.png", image)
    config = DataConfig("folder", tmp_path, batch_size=1, validation_fraction=0.2)
    return config, *pixels


@pytest.fixture
def parts(tmp_path):
    """A folder of parts, two classes of three 10 x 12 images in each; (config, pixels by part)."""
    pixels = {part: noise(2, 3, 10, 12, 3) for part in ("train", "test", "val")}
    for part, classes in pixels.items():
        for name, images in zip("ab", classes, strict=True):
            for index, image in enumerate(images):
                save(tmp_path / part / name / f"{index}.png", image)
    config = DataConfig("folder", tmp_path, batch_size=1, validation_fraction=0.2)
    return config, pixels


def same(first, other):
    return (first.images == other.images).all() and (first.labels == other.labels).all()


def laid_on_white(color, alpha):
    opacity = alpha / 255
    return np.floor(color * opacity + 255 * (1 - opacity) + 0.5).astype(np.uint8)


def replace(config, **values):
    return DataConfig(**{**vars(config), **values})


def test_digits_are_gray_levels_on_the_8_bit_scale():
    dataset = load(DataConfig("digits"))
    images, labels = both(dataset)
    source = sklearn.datasets.load_digits()
    expected = [np.floor(image * 255 / 16 + 0.5).astype(np.uint8) for image in source.images[:1500]]
    assert rows(images) == rows([np.stack([gray] * 3, axis=-1) for gray in expected])
    assert np.bincount(labels).tolist() == np.bincount(source.target[:1500]).tolist()
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert dataset.class_names == tuple("0123456789")
    assert dataset.image_size == (8, 8)
    assert not dataset.mirror


def test_the_last_297_digits_are_for_the_test_alone():
    source = sklearn.datasets.load_digits()
    assert len(source.target) == 1500 + 297
    dataset = load(DataConfig("digits"), with_test=True)
    gray = np.floor(source.images[1500:] * 255 / 16 + 0.5)
    np.testing.assert_array_equal(dataset.test.images, np.stack([gray] * 3, axis=-1))
    np.testing.assert_array_equal(dataset.test.labels, source.target[1500:])
    assert dataset.test.images.dtype == np.uint8
    assert dataset.test.labels.dtype == np.int64


def test_a_search_is_given_no_test_images(parts):
    assert load(DataConfig("digits")).test is None
    assert load(parts[0]).test is None


@pytest.mark.parametrize("name", ["digits", "folder"])
def test_the_validation_images_are_the_same_with_and_without_the_test_images(parts, name):
    config = replace(parts[0], dataset=name)
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


def test_labels_follow_the_sorted_class_names(folder):
    config, a, b = folder
    dataset = load(config)
    images, labels = both(dataset)
    assert dataset.class_names == ("a", "b")
    assert dataset.image_size == (10, 12)
    assert dataset.mirror
    assert rows(images[labels == 0]) == rows(a)
    assert rows(images[labels == 1]) == rows(b)


def test_images_are_resized_by_averaging_areas(folder):
    config, *_ = folder
    pixels = noise(16, 24, 3)
    for path in config.data_dir.glob("*/*.png"):
        save(path, pixels)
    dataset = load(replace(config, image_size=8))
    expected = pixels.reshape(8, 2, 8, 3, 3).mean(axis=(1, 3))
    assert dataset.image_size == (8, 8)
    assert np.abs(dataset.train.images - expected).max() <= 0.5 + 1e-3


def test_differing_sizes_need_an_image_size(folder):
    config, *_ = folder
    save(config.data_dir / "b" / "odd.png", noise(9, 31, 3))
    with pytest.raises(UserError, match=r"`image_size`: .*10 x 12 and 9 x 31.*`image_size`=N"):
        load(config)
    assert load(replace(config, image_size=9)).image_size == (9, 9)


def test_every_color_mode_becomes_rgb(folder):
    config, *_ = folder
    (config.data_dir / "a").rename(config.data_dir / "b" / "x")
    for path in (config.data_dir / "b").glob("*.png"):
        path.unlink()
    gray, color, alpha = noise(10, 12), noise(10, 12, 3), noise(10, 12, 1)
    deep = gray.astype(np.uint16) * 256 + 255
    ink = np.zeros((10, 12, 4), np.uint8) + np.array([0, 255, 255, 0], np.uint8)  # Red.
    save(config.data_dir / "a" / "gray.png", gray)
    save(config.data_dir / "a" / "deep.png", deep)
    save(config.data_dir / "b" / "opacity.png", np.concatenate([color, alpha], axis=-1))
    save(config.data_dir / "b" / "ink.JPG", ink, "CMYK", quality=95)
    images, labels = both(load(config))
    assert rows(images[labels == 0]) == rows([np.stack([gray] * 3, axis=-1)] * 2)
    red, transparent = sorted(images[labels == 1], key=lambda image: np.ptp(image[..., 0]))
    np.testing.assert_array_equal(transparent, laid_on_white(color, alpha))
    assert red[..., 0].min() > 245
    assert red[..., 1:].max() < 10


@pytest.mark.parametrize("damage", ["truncated", "text", "empty"])
def test_a_corrupt_image_is_named_and_left_out_only_on_request(folder, caplog, damage):
    config, a, b = folder
    corrupt = config.data_dir / "b" / "1.png"
    content = {"truncated": corrupt.read_bytes()[:300], "text": b"hello\n", "empty": b""}[damage]
    corrupt.write_bytes(content)
    with pytest.raises(UserError, match=f"^{corrupt}: .*`skip_corrupt_images`") as raised:
        load(config)
    assert "\n" not in str(raised.value)
    with caplog.at_level("WARNING", logger="absl"):
        dataset = load(replace(config, skip_corrupt_images=True))
    assert rows(both(dataset)[0]) == rows([*a, b[0], b[2]])
    assert str(corrupt) in caplog.text


def test_a_class_of_corrupt_images_only_is_refused(folder):
    config, *_ = folder
    for path in (config.data_dir / "b").iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match=r"`data_dir`: .*b has no readable image"):
        load(replace(config, skip_corrupt_images=True))


def test_other_files_and_hidden_entries_are_passed_over(folder):
    config, *_ = folder
    (config.data_dir / "README.txt").write_text("classes a and b")
    (config.data_dir / ".cache").mkdir()
    (config.data_dir / "a" / "notes.txt").write_text("none")
    (config.data_dir / "a" / "._0.png").write_bytes(b"not an image")
    dataset = load(config)
    assert dataset.class_names == ("a", "b")
    assert len(both(dataset)[1]) == 6


@pytest.mark.parametrize("state", ["missing", "file", "empty", "flat", "one class", "no images"])
def test_a_folder_without_classes_of_images_is_refused(tmp_path, state):
    root = tmp_path / "images"
    if state == "file":
        root.write_text("not a directory")
    elif state != "missing":
        root.mkdir()
    if state == "flat":
        save(root / "0.png", noise(8, 8, 3))
    if state in ("one class", "no images"):
        save(root / "a" / "0.png", noise(8, 8, 3))
    if state == "no images":
        (root / "b").mkdir()
    with pytest.raises(UserError, match=f"^`data_dir`={root}: .*accepted: a directory"):
        load(DataConfig("folder", root))


@pytest.mark.parametrize(
    "present", [("train", "test"), ("train", "val"), ("train", "val", "test"), ("train",)]
)
@pytest.mark.parametrize("with_test", [False, True])
def test_each_part_of_a_folder_is_for_what_its_name_says(parts, present, with_test):
    config, pixels = parts
    for part in {"train", "test", "val"} - set(present):
        shutil.rmtree(config.data_dir / part)
    dataset = load(config, with_test=with_test)
    pixels = {part: images.reshape(6, 10, 12, 3) for part, images in pixels.items()}
    assert dataset.class_names == ("a", "b")
    if "val" in present:  # Then no image is held out of train/.
        np.testing.assert_array_equal(dataset.train.images, pixels["train"])
        np.testing.assert_array_equal(dataset.validation.images, pixels["val"])
        assert dataset.validation.labels.tolist() == [0, 0, 0, 1, 1, 1]
    else:
        assert rows(both(dataset)[0]) == rows(pixels["train"])
        assert len(dataset.validation) == 2
    if with_test and "test" in present:
        np.testing.assert_array_equal(dataset.test.images, pixels["test"])
        assert dataset.test.labels.tolist() == [0, 0, 0, 1, 1, 1]
    else:
        assert dataset.test is None


@pytest.mark.parametrize("name", ["validation", "valid"])
def test_other_names_of_the_validation_part_are_understood(parts, name):
    config, pixels = parts
    (config.data_dir / "val").rename(config.data_dir / name)
    dataset = load(config)
    assert rows(dataset.validation.images) == rows(pixels["val"].reshape(6, 10, 12, 3))


def test_two_validation_parts_are_refused(parts):
    config, _ = parts
    shutil.copytree(config.data_dir / "val", config.data_dir / "valid")
    with pytest.raises(UserError, match=r"has both val/ and valid/; accepted: one"):
        load(config)


def test_a_search_with_a_validation_part_needs_no_fraction(parts):
    config = replace(parts[0], validation_fraction=0.0)
    assert len(load(config).validation) == 6


def empty(directory):
    for path in directory.glob("*/*.png"):
        path.write_bytes(b"")


def test_only_the_parts_that_are_wanted_are_read(parts):
    config, pixels = parts
    empty(config.data_dir / "test")
    searched = load(config)
    assert rows(searched.train.images) == rows(pixels["train"].reshape(6, 10, 12, 3))
    with pytest.raises(UserError, match=f"^{config.data_dir / 'test' / 'a' / '0.png'}: not a read"):
        load(config, with_test=True)


def test_a_folder_of_classes_has_no_test_images(folder):
    assert load(folder[0], with_test=True).test is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: shutil.rmtree(root / "test" / "b"), "in .*test, found: a;"),
        (lambda root: (root / "test" / "b").rename(root / "test" / "c"), "'b' is in train/ only;"),
        (lambda root: (root / "test" / "c").mkdir(), "'c' is in test/ only;"),
        (lambda root: (root / "more").mkdir(), "class .*more has no image;"),
        (lambda root: shutil.rmtree(root / "train"), "class .*test has no image, only sub-dir.*;"),
    ],
    ids=["one class", "another class", "one more class", "another part", "no train"],
)
def test_parts_that_do_not_go_together_are_refused(parts, change, message):
    config, _ = parts
    change(config.data_dir)
    with pytest.raises(
        UserError, match=f"^`data_dir`={config.data_dir}: .*{message}.*accepted: "
    ) as raised:
        load(config, with_test=True)
    assert "\n" not in str(raised.value)


def test_test_images_of_another_size_need_an_image_size(parts):
    config, _ = parts
    for path in (config.data_dir / "test").glob("*/*.png"):
        save(path, noise(9, 31, 3))
    with pytest.raises(UserError, match=r"`image_size`: .*10 x 12 and 9 x 31.*`image_size`=N"):
        load(config, with_test=True)
    dataset = load(replace(config, image_size=9), with_test=True)
    assert dataset.test.images.shape == (6, 9, 9, 3)


def test_a_folder_needs_a_data_dir():
    with pytest.raises(UserError, match=r"^`data_dir`: not given"):
        load(DataConfig("folder"))


@pytest.mark.parametrize(("name", "value"), [("validation_fraction", 0.0), ("batch_size", 1351)])
def test_a_value_that_the_images_do_not_allow_is_refused_by_its_name(name, value):
    with pytest.raises(UserError, match=f"^`{name}`={value}: .*accepted: "):
        load(DataConfig("digits", **{name: value}))


def test_the_whole_training_set_may_be_one_batch():
    assert len(load(DataConfig("digits", batch_size=1350)).train) == 1350


@pytest.mark.parametrize("count", [3, 2500])
def test_channel_statistics_are_those_of_all_training_pixels(count):
    images = noise(count, 5, 4, 3)
    images[..., 2] = 7
    empty = Images(images[:0], np.zeros(0, np.int64))
    train = Images(images, np.zeros(count, np.int64))
    mean, deviation = MemoryDataset("x", train, empty, ("a",), True).channel_statistics()
    pixels = images.reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(mean, pixels.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(deviation[:2], pixels.std(axis=0)[:2], rtol=1e-6)
    assert deviation[2] == 1.0


def prepare(data_dir, name, channels=3, splits=("train", "test"), label=None, withheld=()):
    """Writes a TFDS copy; returns the 12 images of each split."""
    images = {split: noise(12, 10, 10, channels) for split in splits}
    examples = {
        split: [
            (i, {"image": image, "label": -1 if split in withheld else i % 3})
            for i, image in enumerate(images[split])
        ]
        for split in splits
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=data_dir,
        split_datasets=examples,
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(10, 10, channels), encoding_format="png"),
                "label": label or tfds.features.ClassLabel(names=["p", "q", "r"]),
            }
        ),
    )
    return images


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
def test_the_test_images_of_tfds_are_of_the_labelled_test_or_validation_split(
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


@pytest.mark.parametrize("name", ["mnist", "MNIST", "SvhnCropped", "binary_alpha_digits", "Digits"])
def test_names_of_characters_are_known_whatever_their_case(name):
    assert not mirroring.keeps_class(name)
    assert mirroring.keeps_class("CIFAR10")


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
    config = DataConfig(name, tmp_path, batch_size=2)
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


def test_a_data_dir_that_does_not_exist_is_one_clear_error(tmp_path):
    with pytest.raises(UserError, match=r"^`data_dir`=.*/none: not a directory; accepted: "):
        memory_collection.read(DataConfig("cifar10", tmp_path / "none"))


def prepare_photographs(data_dir):
    """Writes a TFDS copy of images of several sizes, one of them stored lying; returns them."""
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


def test_a_tfds_copy_without_class_labels_is_refused(tmp_path):
    prepare(tmp_path, "tiny", label=np.int64)
    with pytest.raises(UserError, match=r"^`dataset`=tiny: has no 8-bit image with a class label"):
        load(DataConfig("tiny", tmp_path))


def test_a_tfds_copy_without_a_training_split_is_refused(tmp_path):
    prepare(tmp_path, "tiny", splits=("validation", "test"))
    with pytest.raises(UserError, match=r"^`dataset`=tiny: has no split named train"):
        load(DataConfig("tiny", tmp_path))


def test_a_damaged_tfds_copy_is_refused(tmp_path):
    prepare(tmp_path, "tiny")
    (train,) = tmp_path.glob("tiny/1.0.0/*-train.*")
    os.truncate(train, train.stat().st_size // 2)
    with pytest.raises(UserError, match=r"^`dataset`=tiny: the prepared copy in .* can't be read"):
        load(DataConfig("tiny", tmp_path))


@pytest.mark.parametrize(
    "name", ["cifar11", "cifar10/no_such_config", "cifar10:9.9.9", "../x", "kubric:x", "", "a b"]
)
def test_an_unknown_name_is_refused_at_once(tmp_path, name):
    started = time.monotonic()
    with pytest.raises(UserError) as raised:
        load(DataConfig(name, tmp_path))
    assert str(raised.value).startswith(f"`dataset`={name}: unknown; accepted: digits, folder")
    assert "\n" not in str(raised.value)
    assert time.monotonic() - started < 10


def test_an_unknown_name_is_answered_with_the_nearest_known_one(tmp_path):
    with pytest.raises(UserError, match=r"did you mean cifar10\?"):
        load(DataConfig("cifer10", tmp_path))


def test_without_a_network_the_message_comes_soon_and_names_the_ways_out(tmp_path, monkeypatch):
    # A proxy that nobody runs: no network, wherever the tests run.
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    started = time.monotonic()
    with pytest.raises(UserError) as raised:
        load(DataConfig("cifar10", tmp_path))
    message = str(raised.value)
    assert message.startswith("`dataset`=cifar10: no prepared copy in ")
    for way_out in ("`dataset`=digits", "`dataset`=folder `data_dir`=DIR", "prepared by TFDS"):
        assert way_out in message
    assert "\n" not in message
    assert time.monotonic() - started < 15


def test_a_host_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(prepared, "_PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        assert not prepared._reachable(f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert time.monotonic() - started < 2
