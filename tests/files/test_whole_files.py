import csv
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from snas_tf.files import whole_files
from tests.programs import ROOT

NAMES = ["plain", "a [b]*?\\ é", "two\nlines", "before"]


class FullError(Exception):
    """Error of a full disk, for these tests."""


def begin(path, write):
    """Begin to replace what is at a path, and fail."""
    with whole_files.replacing(path) as partial:
        write(partial)
        raise FullError


def fill(path, text):
    """A directory with a file and a directory in it."""
    (path / "inner").mkdir(parents=True)
    (path / "inner" / "file").write_text(text)


def content(path):
    return (path / "inner" / "file").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_replaced_and_nothing_else_is_there(tmp_path, name):
    path = tmp_path / name
    for text in ("old", "new"):
        whole_files.write_text(path, text)
        assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", NAMES)
def test_a_directory_is_replaced_with_all_that_was_in_it(tmp_path, name):
    path = tmp_path / name
    fill(path, "old")
    (path / "gone").write_text("")
    with whole_files.replacing(path) as partial:
        assert partial.name == name
        fill(partial, "new")
        assert content(path) == "old"  # until the block ends
    assert content(path) == "new"
    assert [one.name for one in path.iterdir()] == ["inner"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("existed", [True, False])
@pytest.mark.parametrize("kind", ["file", "directory", "nothing"])
def test_a_block_that_fails_leaves_what_was_there_and_no_rest(tmp_path, existed, kind):
    path = tmp_path / "file"
    if existed:
        path.write_text("old")
    writes = {
        "file": lambda partial: partial.write_text("half"),
        "directory": lambda partial: fill(partial, "half"),
        "nothing": lambda partial: None,
    }
    with pytest.raises(FullError):
        begin(path, writes[kind])
    assert [one.read_text() for one in tmp_path.iterdir()] == ["old"] * existed


def test_a_block_that_fails_leaves_an_old_directory(tmp_path):
    fill(tmp_path / "directory", "old")
    with pytest.raises(FullError):
        begin(tmp_path / "directory", lambda partial: fill(partial, "half"))
    assert content(tmp_path / "directory") == "old"
    assert os.listdir(tmp_path) == ["directory"]


def test_a_directory_that_cant_be_put_in_place_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "directory"
    fill(path, "old")

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="the disk is full"), whole_files.replacing(path) as partial:
        fill(partial, "new")
    assert content(path) == "old"
    assert os.listdir(tmp_path) == ["directory"]


def test_leftovers_are_files_and_directories_of_our_prefix_alone(tmp_path):
    fill(tmp_path / f"{whole_files.PREFIX}abc", "half")
    (tmp_path / f"{whole_files.PREFIX}def").write_text("half")
    kept = {".snas_tf", ".hidden", "x.snas_tf.y", "file"}
    for name in kept:
        (tmp_path / name).write_text("")
    whole_files.remove_leftovers(tmp_path)
    assert set(os.listdir(tmp_path)) == kept


def test_a_leftover_that_links_elsewhere_loses_the_link_alone(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    fill(elsewhere, "kept")
    run = tmp_path / "run"
    run.mkdir()
    pathlib.Path(run, f"{whole_files.PREFIX}link").symlink_to(elsewhere)
    whole_files.remove_leftovers(run)
    assert content(elsewhere) == "kept"
    assert not os.listdir(run)


def test_rows_are_written_as_csv(tmp_path):
    path, rows = tmp_path / "a [b]*?.csv", [{"a": "1", "b": "x,y"}, {"a": "2", "b": ""}]
    whole_files.write_rows(path, rows)
    with path.open(newline="") as file:
        assert list(csv.DictReader(file)) == rows
    whole_files.write_rows(path, [])
    assert path.read_text().strip() == "epoch"


DESCRIBED = """
import os, pathlib, signal
from snas_tf.files import whole_files

replace, renamed = os.replace, []

def replace_or_die(source, target):
    if len(renamed) == {renames}:
        os.kill(os.getpid(), signal.SIGKILL)
    renamed.append(target)
    replace(source, target)

os.replace = replace_or_die
with whole_files.replacing_described(pathlib.Path("model"), pathlib.Path("text")) as partials:
    for partial in partials:
        partial.write_text("new")
"""


def test_a_file_and_its_description_are_replaced_together(tmp_path):
    path, beside = tmp_path / "model", tmp_path / "text"
    for text in ("old", "new"):
        with whole_files.replacing_described(path, beside) as partials:
            for partial in partials:
                partial.write_text(text)
        assert (path.read_text(), beside.read_text()) == (text, text)
    assert sorted(tmp_path.iterdir()) == [path, beside]


def test_a_block_that_fails_leaves_a_file_and_its_description(tmp_path):
    path, beside = tmp_path / "model", tmp_path / "text"
    for one in (path, beside):
        one.write_text("old")

    def begin_both():
        with whole_files.replacing_described(path, beside) as (partial, _):
            partial.write_text("new")
            raise FullError

    with pytest.raises(FullError):
        begin_both()
    assert (path.read_text(), beside.read_text()) == ("old", "old")
    assert sorted(tmp_path.iterdir()) == [path, beside]


@pytest.mark.parametrize(("renames", "expected"), [(0, "old"), (1, "new")])
def test_a_killed_process_leaves_no_file_beside_the_text_of_another(tmp_path, renames, expected):
    for name in ("model", "text"):
        (tmp_path / name).write_text("old")
    program = [sys.executable, "-c", DESCRIBED.replace("{renames}", str(renames))]
    done = subprocess.run(program, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "model").read_text() == expected
    assert not (tmp_path / "text").exists()
    whole_files.remove_leftovers(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["model"]


def test_a_process_killed_before_the_end_leaves_a_file_and_its_description(tmp_path):
    for name in ("model", "text"):
        (tmp_path / name).write_text("old")
    killed = DESCRIBED.replace("{renames}", "9") + "        os.kill(os.getpid(), signal.SIGKILL)"
    program = [sys.executable, "-c", killed]
    done = subprocess.run(program, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL
    assert [(tmp_path / name).read_text() for name in ("model", "text")] == ["old", "old"]
