import numpy as np
import pytest

from snas_tf.config import DataConfig
from snas_tf.data import decoding, image_cache, memory_collection
from snas_tf.data.images import Images
from snas_tf.errors import UserError
from tests.data.images_on_disk import picture, save


@pytest.fixture
def config(tmp_path):
    """Two classes of three JPEGs, of which one is damaged."""
    for number in range(6):
        path = tmp_path / "images" / "ab"[number % 2] / f"{number}.jpg"
        save(path, picture(number, 30 + number, 40))
    path.write_bytes(b"damaged")
    return DataConfig("folder", tmp_path / "images", 8, 1, skip_corrupt_images=True)


def replace(config, **values):
    return DataConfig(**{**vars(config), **values})


def same(first, other):
    return first.summary() == other.summary() and all(
        (a == b).all()
        for part in ("train", "validation")
        for a, b in zip(
            *(
                (one.images, one.labels)
                for one in (getattr(c.split(0), part) for c in (first, other))
            ),
            strict=True,
        )
    )


@pytest.fixture
def count_decoded(monkeypatch):
    """What counts the files that have been decoded."""
    decoded = []
    original = decoding.decode

    def decode(*arguments):
        decoded.append(arguments[0])
        return original(*arguments)

    monkeypatch.setattr(decoding, "decode", decode)
    return lambda: len(decoded)


def test_images_are_decoded_once_and_the_same_without_a_cache(config, tmp_path, count_decoded):
    cache = tmp_path / "run" / "cache"
    first = memory_collection.read(config, cache=cache)
    assert count_decoded() == 6
    again = memory_collection.read(config, cache=cache)
    assert count_decoded() == 6
    without = memory_collection.read(config)
    assert count_decoded() == 12
    assert same(first, again)
    assert same(first, without)
    assert first.fingerprint == again.fingerprint == without.fingerprint
    assert "left out of b/: unreadable images (1)" in again.summary()
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "text"])
def test_a_damaged_cache_is_made_anew(config, tmp_path, count_decoded, caplog, damage):
    first = memory_collection.read(config, cache=tmp_path)
    (path,) = tmp_path.glob("*.npz")
    whole = path.read_bytes()
    pixels = whole.index(first.contents.parts["train"].images.tobytes())
    changed = bytearray(whole)
    changed[pixels + 100] ^= 1
    path.write_bytes({"cut": whole[:-30], "changed": changed, "empty": b"", "text": b"x"}[damage])
    with caplog.at_level("WARNING", logger="absl"):
        assert same(memory_collection.read(config, cache=tmp_path), first)
    assert count_decoded() == 12
    assert f"{path}: damaged" in caplog.text
    assert path.read_bytes() == whole
    memory_collection.read(config, cache=tmp_path)
    assert count_decoded() == 12


def test_other_images_sizes_and_decoders_have_other_files(
    config, tmp_path, count_decoded, monkeypatch
):
    memory_collection.read(config, cache=tmp_path)
    memory_collection.read(replace(config, image_size=9), cache=tmp_path)
    save(config.data_dir / "a" / "0.jpg", picture(9, 30, 40))
    changed = memory_collection.read(config, cache=tmp_path)
    assert count_decoded() == 18
    assert same(changed, memory_collection.read(config))
    monkeypatch.setattr(decoding, "VERSION", 0)
    memory_collection.read(config, cache=tmp_path)
    assert count_decoded() == 30
    assert len(list(tmp_path.glob("*.npz"))) == 4


def test_a_folder_that_has_moved_needs_no_decoding(config, tmp_path, count_decoded):
    memory_collection.read(config, cache=tmp_path)
    moved = config.data_dir.rename(tmp_path / "moved")
    memory_collection.read(replace(config, data_dir=moved), cache=tmp_path)
    assert count_decoded() == 6


def test_a_cache_that_cannot_be_written_is_done_without(config, tmp_path, caplog):
    (tmp_path / "file").write_text("no directory")
    with caplog.at_level("WARNING", logger="absl"):
        collection = memory_collection.read(config, cache=tmp_path / "file" / "cache")
    assert same(collection, memory_collection.read(config))
    assert "can't be written" in caplog.text


def test_a_cache_of_another_key_is_not_believed(tmp_path):
    images = Images(np.zeros((1, 2, 2, 3), np.uint8), np.zeros(1, np.int64))
    first, second = (image_cache.ImageCache(tmp_path, {"a": value}) for value in (1, 2))
    first.save({"train": (images, ())})
    (path,) = tmp_path.glob("*.npz")
    second.save({"train": (images, ())})
    (other,) = set(tmp_path.glob("*.npz")) - {path}
    assert second.load() is not None
    path.replace(other)
    assert second.load() is None


def test_of_images_that_are_refused_no_file_is_written(config, tmp_path):
    with pytest.raises(UserError, match="`batch_size`=99"):
        memory_collection.read(replace(config, batch_size=99), cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
