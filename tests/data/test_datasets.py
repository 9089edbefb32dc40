import os
import pathlib
import socket
import time

import numpy as np
import PIL.Image
import pytest
import sklearn.datasets
import tensorflow_datasets as tfds

from snas_tf.config import DataConfig
from snas_tf.data import datasets, prepared
from snas_tf.data.images import Images
from snas_tf.errors import UserError

RNG = np.random.default_rng(0)


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


def replace(config, **values):
    return DataConfig(**{**vars(config), **values})


def test_digits_are_grey_levels_on_the_8_bit_scale():
    dataset = datasets.load(DataConfig("digits"), seed=0)
    images, labels = both(dataset)
    source = sklearn.datasets.load_digits()
    expected = [np.floor(image * 255 / 16 + 0.5).astype(np.uint8) for image in source.images]
    assert rows(images) == rows([np.stack([grey] * 3, axis=-1) for grey in expected])
    assert np.bincount(labels).tolist() == np.bincount(source.target).tolist()
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert dataset.num_classes == 10
    assert dataset.class_names == tuple("0123456789")
    assert dataset.image_size == (8, 8)
    assert not dataset.mirror


def test_the_validation_images_are_disjoint_and_decided_by_the_seed(folder):
    config, a, b = folder
    first, again = datasets.load(config, seed=3), datasets.load(config, seed=3)
    assert len(first.train) == 5
    assert len(first.validation) == 1
    assert rows(both(first)[0]) == rows([*a, *b])
    np.testing.assert_array_equal(first.validation.images, again.validation.images)
    np.testing.assert_array_equal(first.train.images, again.train.images)
    held_out = {datasets.load(config, seed).validation.images.tobytes() for seed in range(8)}
    assert len(held_out) > 1


@pytest.mark.parametrize(
    ("fraction", "count"), [(0.0001, 1), (0.1, 180), (0.5, 898), (0.9999, 1796)]
)
def test_at_least_one_image_is_on_each_side_of_the_split(fraction, count):
    config = DataConfig("digits", validation_fraction=fraction, batch_size=1)
    dataset = datasets.load(config, seed=0)
    assert len(dataset.validation) == count
    assert len(dataset.train) == 1797 - count


def test_labels_follow_the_sorted_class_names(folder):
    config, a, b = folder
    dataset = datasets.load(config, seed=0)
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
    dataset = datasets.load(replace(config, image_size=8), seed=0)
    expected = pixels.reshape(8, 2, 8, 3, 3).mean(axis=(1, 3))
    assert dataset.image_size == (8, 8)
    assert np.abs(dataset.train.images - expected).max() <= 0.5 + 1e-3


def test_differing_sizes_need_an_image_size(folder):
    config, *_ = folder
    save(config.data_dir / "b" / "odd.png", noise(9, 31, 3))
    with pytest.raises(UserError, match=r"--image_size: .*10 x 12 and 9 x 31.*--image_size=N"):
        datasets.load(config, seed=0)
    assert datasets.load(replace(config, image_size=9), seed=0).image_size == (9, 9)


def test_every_colour_mode_becomes_rgb(folder):
    config, *_ = folder
    (config.data_dir / "a").rename(config.data_dir / "b" / "x")
    for path in (config.data_dir / "b").glob("*.png"):
        path.unlink()
    grey, colour, alpha = noise(10, 12), noise(10, 12, 3), noise(10, 12, 1)
    deep = grey.astype(np.uint16) * 256 + 255
    ink = np.zeros((10, 12, 4), np.uint8) + np.array([0, 255, 255, 0], np.uint8)  # Red.
    save(config.data_dir / "a" / "grey.png", grey)
    save(config.data_dir / "a" / "deep.png", deep)
    save(config.data_dir / "b" / "opacity.png", np.concatenate([colour, alpha], axis=-1))
    save(config.data_dir / "b" / "ink.JPG", ink, "CMYK", quality=95)
    images, labels = both(datasets.load(config, seed=0))
    assert rows(images[labels == 0]) == rows([np.stack([grey] * 3, axis=-1)] * 2)
    red, transparent = sorted(images[labels == 1], key=lambda image: np.ptp(image[..., 0]))
    np.testing.assert_array_equal(transparent, colour)
    assert red[..., 0].min() > 245
    assert red[..., 1:].max() < 10


@pytest.mark.parametrize("damage", ["truncated", "text", "empty"])
def test_a_corrupt_image_is_named_and_left_out_only_on_request(folder, caplog, damage):
    config, a, b = folder
    corrupt = config.data_dir / "b" / "1.png"
    content = {"truncated": corrupt.read_bytes()[:300], "text": b"hello\n", "empty": b""}[damage]
    corrupt.write_bytes(content)
    with pytest.raises(UserError, match=f"^{corrupt}: .*--skip_corrupt_images") as raised:
        datasets.load(config, seed=0)
    assert "\n" not in str(raised.value)
    with caplog.at_level("WARNING", logger="absl"):
        dataset = datasets.load(replace(config, skip_corrupt_images=True), seed=0)
    assert rows(both(dataset)[0]) == rows([*a, b[0], b[2]])
    assert str(corrupt) in caplog.text


def test_a_class_of_corrupt_images_only_is_refused(folder):
    config, *_ = folder
    for path in (config.data_dir / "b").iterdir():
        path.write_bytes(b"")
    with pytest.raises(UserError, match=r"--data_dir: .*b has no readable image"):
        datasets.load(replace(config, skip_corrupt_images=True), seed=0)


def test_other_files_and_hidden_entries_are_passed_over(folder):
    config, *_ = folder
    (config.data_dir / "README.txt").write_text("classes a and b")
    (config.data_dir / ".cache").mkdir()
    (config.data_dir / "a" / "notes.txt").write_text("none")
    (config.data_dir / "a" / "._0.png").write_bytes(b"not an image")
    dataset = datasets.load(config, seed=0)
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
    with pytest.raises(UserError, match=f"^--data_dir={root}: .*accepted: a directory"):
        datasets.load(DataConfig("folder", root), seed=0)


def test_a_folder_needs_a_data_dir():
    with pytest.raises(UserError, match=r"^--data_dir: not given"):
        datasets.load(DataConfig("folder"), seed=0)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("image_size", 7),
        ("image_size", -1),
        ("validation_fraction", 0.0),
        ("validation_fraction", 1.0),
        ("validation_fraction", float("nan")),
        ("batch_size", 0),
        ("batch_size", 1618),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_flag(flag, value):
    with pytest.raises(UserError, match=f"^--{flag}={value}: .*accepted: "):
        datasets.load(DataConfig("digits", **{flag: value}), seed=0)


def test_the_whole_training_set_may_be_one_batch():
    assert len(datasets.load(DataConfig("digits", batch_size=1617), seed=0).train) == 1617


@pytest.mark.parametrize("count", [3, 2500])
def test_channel_statistics_are_those_of_all_training_pixels(count):
    images = noise(count, 5, 4, 3)
    images[..., 2] = 7
    empty = Images(images[:0], np.zeros(0, np.int64))
    train = Images(images, np.zeros(count, np.int64))
    mean, deviation = datasets.Dataset("x", train, empty, ("a",), True).channel_statistics()
    pixels = images.reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(mean, pixels.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(deviation[:2], pixels.std(axis=0)[:2], rtol=1e-6)
    assert deviation[2] == 1.0


def prepare(data_dir, name, channels=3, count=12, split="train", label=None):
    """Writes a TFDS copy; returns its images."""
    images = noise(count, 10, 10, channels)
    examples = [(i, {"image": image, "label": i % 3}) for i, image in enumerate(images)]
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=data_dir,
        split_datasets={split: examples, "test": examples[:1]},
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
    images = prepare(tmp_path, "tiny", channels)
    (test_split,) = tmp_path.glob("tiny/1.0.0/*-test.*")
    test_split.unlink()
    before = sorted(tmp_path.rglob("*"))
    dataset = datasets.load(DataConfig("tiny", tmp_path, batch_size=2), seed=0)
    expected = np.repeat(images, 3, axis=-1) if channels == 1 else images[..., :3]
    assert rows(both(dataset)[0]) == rows(expected)
    assert np.bincount(both(dataset)[1]).tolist() == [4, 4, 4]
    assert dataset.class_names == ("p", "q", "r")
    assert dataset.mirror
    assert sorted(tmp_path.rglob("*")) == before


def test_tfds_characters_are_not_mirrored(tmp_path):
    prepare(tmp_path, "tiny_mnist")
    assert not datasets.load(DataConfig("tiny_mnist", tmp_path, batch_size=2), seed=0).mirror


def test_a_tfds_copy_without_class_labels_is_refused(tmp_path):
    prepare(tmp_path, "tiny", label=np.int64)
    with pytest.raises(UserError, match=r"^--dataset=tiny: has no 8-bit image with a class label"):
        datasets.load(DataConfig("tiny", tmp_path), seed=0)


def test_a_tfds_copy_without_a_training_split_is_refused(tmp_path):
    prepare(tmp_path, "tiny", split="validation")
    with pytest.raises(UserError, match=r"^--dataset=tiny: has no split named train"):
        datasets.load(DataConfig("tiny", tmp_path), seed=0)


def test_a_damaged_tfds_copy_is_refused(tmp_path):
    prepare(tmp_path, "tiny")
    (train,) = tmp_path.glob("tiny/1.0.0/*-train.*")
    os.truncate(train, train.stat().st_size // 2)
    with pytest.raises(UserError, match=r"^--dataset=tiny: the prepared copy in .* can't be read"):
        datasets.load(DataConfig("tiny", tmp_path), seed=0)


@pytest.mark.parametrize(
    "name", ["cifar11", "cifar10/no_such_config", "cifar10:9.9.9", "../x", "kubric:x", "", "a b"]
)
def test_an_unknown_name_is_refused_at_once(tmp_path, name):
    started = time.monotonic()
    with pytest.raises(UserError) as raised:
        datasets.load(DataConfig(name, tmp_path), seed=0)
    assert str(raised.value).startswith(f"--dataset={name}: unknown; accepted: digits, folder")
    assert "\n" not in str(raised.value)
    assert time.monotonic() - started < 10


def test_an_unknown_name_is_answered_with_the_nearest_known_one(tmp_path):
    with pytest.raises(UserError, match=r"did you mean cifar10\?"):
        datasets.load(DataConfig("cifer10", tmp_path), seed=0)


def test_without_a_network_the_message_comes_soon_and_names_the_ways_out(tmp_path, monkeypatch):
    # A proxy that nobody runs: no network, wherever the tests run.
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    started = time.monotonic()
    with pytest.raises(UserError) as raised:
        datasets.load(DataConfig("cifar10", tmp_path), seed=0)
    message = str(raised.value)
    assert message.startswith("--dataset=cifar10: no prepared copy in ")
    for way_out in ("--dataset=digits", "--dataset=folder --data_dir=DIR", "prepared by TFDS"):
        assert way_out in message
    assert "\n" not in message
    assert time.monotonic() - started < 15


def test_a_host_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(prepared, "_PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        assert not prepared._reachable(f"http://127.0.0.1:{server.getsockname()[1]}/")
        assert time.monotonic() - started < 2
