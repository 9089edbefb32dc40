import os
import pathlib
import socket

import pytest

from snas_tf.config import DataConfig
from snas_tf.data import folder
from snas_tf.errors import UserError


def touch(root, *names):
    for name in names:
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def list_images(root, *held_out):
    return folder.list_images(DataConfig("folder", root), held_out)


@pytest.fixture
def root(tmp_path):
    """A folder of two classes of one image each."""
    touch(tmp_path / "images", "a/0.png", "b/0.png")
    return tmp_path / "images"


def names(files):
    return [(f"{path.parent.name}/{path.name}", label) for path, label in files]


def test_images_of_every_format_are_listed_in_order(root):
    suffixes = (".BMP", ".Jpeg", ".gif", ".jfif", ".jpe", ".jpg", ".tif", ".tiff", ".webp")
    touch(root, *(f"a/1{suffix}" for suffix in suffixes))
    found = names(list_images(root).parts["train"])
    assert found == [("a/0.png", 0), *((f"a/1{one}", 0) for one in suffixes), ("b/0.png", 1)]


def test_what_is_not_read_is_counted_by_class_and_said(root, caplog):
    touch(root, "a/1.heic", "a/2.HEIC", "a/notes", "a/more/1.png", "b/readme.txt", "list.csv")
    touch(root, "a/.hidden.heic", ".cache/1.png")
    with caplog.at_level("WARNING", logger="absl"):
        listing = list_images(root)
    assert listing.remarks() == (
        "left out of ./: .csv (1)",
        "left out of a/: .heic (2), files without a suffix (1), sub-directories (1)",
        "left out of b/: .txt (1)",
    )
    assert (
        f"{root}: left out .csv (1), .heic (2), .txt (1), files without a suffix (1), "
        "sub-directories (1)" in caplog.text
    )


def test_of_a_folder_of_images_alone_nothing_is_said(root, caplog):
    assert list_images(root).remarks() == ()
    assert caplog.text == ""


def test_of_many_directories_with_other_files_the_last_are_summed_up(root):
    touch(root, *(f"class{n:02}/{name}" for n in range(30) for name in ("0.png", "1.heic")))
    remarks = list_images(root).remarks()
    assert len(remarks) == 21
    assert remarks[-1] == "left out of 10 more directories: .heic (10)"


def test_only_regular_files_are_listed(root):
    os.mkfifo(root / "a/1.png")
    (root / "a/2.png").symlink_to("nowhere.png")
    (root / "a/3.png").symlink_to("3.png")
    (root / "a/4.png").symlink_to(root / "b")
    (root / "a/5.png").symlink_to("/dev/zero")
    (root / "a/6.png").symlink_to(root / "b/0.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "a/7.png"))
        listing = list_images(root)
    assert names(listing.parts["train"]) == [("a/0.png", 0), ("a/6.png", 0), ("b/0.png", 1)]
    assert listing.remarks() == (
        "left out of a/: links that lead nowhere (2), pipes or devices (3), sub-directories (1)",
    )


def test_a_class_of_nothing_but_other_files_says_what_it_has(root):
    (root / "b/0.png").rename(root / "b/0.heic")
    with pytest.raises(UserError, match=r"class .*b has no image, only \.heic \(1\); accepted: "):
        list_images(root)


@pytest.mark.parametrize("part", ["image", "class"])
def test_a_name_that_is_not_utf_8_is_refused_readably(root, part):
    name = b"caf\xe9\n.png" if part == "image" else b"caf\xe9"
    path = os.path.join(os.fsencode(root), b"a" if part == "image" else b"", name)
    if part == "image":
        with open(path, "wb"):
            pass
    else:
        os.mkdir(path)
    with pytest.raises(UserError, match=r"the name of .*caf\\xe9.* is not UTF-8; acc") as raised:
        list_images(root)
    assert "\n" not in str(raised.value)
    str(raised.value).encode()


def test_odd_names_that_are_utf_8_are_listed(root):
    odd = "a [b]*?\\ é\n漢"
    touch(root, f"{odd}/{odd}.png")
    listing = list_images(root)
    assert listing.class_names == ("a", odd, "b")
    assert (root / odd / f"{odd}.png", 1) in listing.parts["train"]


def test_a_folder_that_does_not_exist_is_one_clear_error(tmp_path):
    with pytest.raises(UserError, match=r"^`data_dir`=.*/none: .*No such file or directory\); acc"):
        list_images(tmp_path / "none")


def test_parts_that_are_not_wanted_are_not_looked_into(tmp_path):
    touch(tmp_path, "train/a/0.png", "train/b/0.png", "test/unlabeled.png", "val/a/0.png")
    touch(tmp_path, "val/b/0.png", "val/b/1.png")
    listing = list_images(tmp_path, "validation")
    assert list(listing.parts) == ["train", "validation"]
    assert names(listing.parts["validation"]) == [("a/0.png", 0), ("b/0.png", 1), ("b/1.png", 1)]
