import numpy as np
import pytest

from snas_tf.data import fingerprint
from snas_tf.data.image_files import ImageFiles


@pytest.fixture
def files(tmp_path):
    """Four files of two labels below a directory."""
    found = []
    for number in range(4):
        path = tmp_path / "images" / "ab"[number // 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number] * 100))
        found.append((path, number // 2))
    return found


def digest(files):
    labeled = {(path.parent, label) for path, label in files}
    named = [
        (parent, label, [path.name for path, one in files if (path.parent, one) == (parent, label)])
        for parent, label in labeled
    ]
    return fingerprint.digest_files(ImageFiles.from_names(named), files[0][0].parents[1])


def test_files_that_have_moved_are_the_same(files, tmp_path):
    before = digest(files)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    moved = [
        (tmp_path / "elsewhere" / path.parent.name / path.name, label) for path, label in files
    ]
    assert digest(moved) == before
    assert digest(moved[::-1]) == before


def change_a_byte(files):
    files[3][0].write_bytes(bytes([3] * 99 + [4]))
    return files


def rename(files):
    path, label = files[0]
    return [(path.rename(path.with_name("new.png")), label), *files[1:]]


@pytest.mark.parametrize(
    "change",
    [
        change_a_byte,
        rename,
        lambda files: files[:-1],
        lambda files: [*files[:-1], (files[-1][0], 0)],
    ],
    ids=["byte", "name", "count", "label"],
)
def test_files_that_have_changed_are_not(files, change):
    before = digest(files)
    assert digest(change(files)) != before


def test_of_more_bytes_than_are_read_names_and_sizes_still_count(files, monkeypatch):
    monkeypatch.setattr(fingerprint, "_ALL_BYTES", 200)
    before = digest(files)
    files[1][0].write_bytes(bytes([9] * 100))  # Every other file is read.
    assert digest(files) == before
    files[2][0].write_bytes(bytes([9] * 100))
    changed = digest(files)
    assert changed != before
    files[1][0].write_bytes(bytes([9] * 101))
    assert digest(files) != changed


def test_arrays_differ_by_value_shape_and_type():
    array = np.arange(12, dtype=np.uint8)
    others = [array[::-1], array.reshape(3, 4), array.astype(np.int64), np.append(array, 0)]
    digests = {fingerprint.digest_arrays(one) for one in (array, *others)}
    assert len(digests) == 5
    assert fingerprint.digest_arrays(array.copy()) in digests


def test_records_are_sampled_to_their_end():
    records = [bytes([number % 251]) for number in range(5000)]
    before = fingerprint.digest_records(records)
    assert fingerprint.digest_records(list(records)) == before
    assert fingerprint.digest_records([*records, b""]) != before
    assert fingerprint.digest_records([*records[:-1], b"x"]) != before
    assert fingerprint.digest_records([b"x", *records[1:]]) != before
