import numpy as np
import PIL.Image
import pytest

from snas_tf.data import decoding, encoded_collection
from snas_tf.errors import UserError
from tests.data.encoded_data_sets import config, examples, load, prepare
from tests.data.images_on_disk import CORRUPT, make_folder, picture, save


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
    files = [list(one.train.files) for one in (first, again)]
    assert files[0] == files[1]
    assert root / CORRUPT not in [path for path, _ in files[0]]
    with pytest.raises(UserError, match=f"^{root / CORRUPT}: not a readable image"):
        encoded_collection.read(config(root), cache)


def test_an_image_of_32_bits_is_damaged_too(tmp_path):
    root = make_folder(tmp_path / "images")
    PIL.Image.fromarray(np.zeros((40, 40), np.float32)).save(root / "train/a/deep.tiff")
    with pytest.raises(UserError, match=r"train/a/deep.tiff: .*pixels of 32 bits"):
        encoded_collection.read(config(root), tmp_path / "run")
