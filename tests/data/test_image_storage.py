import pytest

from snas_tf.config import DataConfig
from snas_tf.data import image_storage
from snas_tf.data.encoded_collection import EncodedCollection
from snas_tf.data.memory_collection import MemoryCollection
from snas_tf.errors import UserError
from tests.data.encoded_data_sets import prepare
from tests.data.images_on_disk import picture, save


@pytest.fixture
def root(tmp_path):
    """Two classes of five images of 40 x 50 pixels."""
    for name in "ab":
        for number in range(5):
            save(tmp_path / "images" / name / f"{number}.jpg", picture(number, 40, 50))
    return tmp_path / "images"


def config(root, **settings):
    return DataConfig("folder", root, batch_size=2, validation_fraction=0.2, **settings)


@pytest.mark.parametrize(
    ("image_size", "decoded"), [(None, 10 * 40 * 50 * 3), (64, 10 * 64 * 64 * 3)]
)
def test_a_folder_stays_on_disk_if_its_decoded_images_are_too_large(
    root, monkeypatch, image_size, decoded
):
    asked = config(root, image_size=image_size, classes=2, examples_per_class=4)
    assert image_storage.choose(asked) == "memory"
    for limit, expected in ((decoded, "memory"), (decoded - 1, "disk")):
        monkeypatch.setattr(image_storage, "MEMORY_BYTES", limit)
        assert image_storage.choose(asked) == expected


def test_a_copy_of_tfds_is_measured_by_its_description(tmp_path, monkeypatch):
    prepare(tmp_path)  # 7 training images, of no common size
    for size, pixels in ((None, 224 * 224), (32, 32 * 32)):
        asked = DataConfig("tiny", tmp_path, size)
        for limit, expected in ((7 * pixels * 3, "memory"), (7 * pixels * 3 - 1, "disk")):
            monkeypatch.setattr(image_storage, "MEMORY_BYTES", limit)
            assert image_storage.choose(asked) == expected


def test_images_are_kept_where_they_are_asked_to_be_and_it_is_recorded(root):
    memory, disk = (
        image_storage.read(config(root, image_size=32, image_storage=one))
        for one in ("memory", "disk")
    )
    assert isinstance(memory, MemoryCollection)
    assert isinstance(disk, EncodedCollection)
    assert memory.fingerprint != disk.fingerprint
    assert disk.fingerprint["storage"] == "disk"
    assert [one.split(3).preprocessing for one in (memory, disk)] == ["resize", "center_crop"]
    assert "GiB" not in disk.summary()


def test_a_run_says_why_its_images_stay_on_disk(root, monkeypatch):
    monkeypatch.setattr(image_storage, "MEMORY_BYTES", 0)
    assert (
        "stay on disk, as they take more than 0 GiB" in image_storage.read(config(root)).summary()
    )


def test_crops_of_images_in_memory_are_refused(root):
    with pytest.raises(UserError, match=r"^`color_jitter`=0: .* with `image_storage`=disk$"):
        image_storage.read(config(root, color_jitter=0.0))


def test_unreadable_images_decide_nothing(root):
    for path in root.rglob("*.jpg"):
        path.write_bytes(b"")
    assert image_storage.choose(config(root)) == "memory"


def test_digits_are_in_memory():
    assert image_storage.choose(DataConfig("digits")) == "memory"
    with pytest.raises(UserError, match=r"^`image_storage`=disk: .*accepted: memory$"):
        DataConfig("digits", image_storage="disk")
