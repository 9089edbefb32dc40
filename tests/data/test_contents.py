import shutil

import numpy as np
import pytest
import sklearn.datasets

from snas_tf.config import DataConfig
from snas_tf.errors import UserError
from tests.data.tiny_data_sets import both, laid_on_white, load, noise, replace, rows, save


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
