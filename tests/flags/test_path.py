import os

import pytest
from absl import flags

from flags import path
from flags.modes import MODES
from flags.path import ROOT, PathParser

PATHS = {"model_dir", "data_dir", "genotype", "initial_weights"}


def parse(mode, name, value):
    """Parse a flag's value in a mode."""
    values = MODES[mode].define(flags.FlagValues())
    values(["main.py", f"--{name}={value}"])
    return values[name].value


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_path_expands_the_home_directory(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse("evaluate", name, "~/x y") == f"{tmp_path}/x y"
    assert parse("evaluate", name, "a/~/b") == "a/~/b"


def test_every_flag_that_is_called_a_directory_or_names_a_file_is_a_path():
    for mode in MODES.values():
        values = mode.define(flags.FlagValues())
        named = {name for name in values if name in PATHS or name.endswith(("_dir", "_file"))}
        assert named <= PATHS
        assert all(isinstance(values[name].parser, PathParser) for name in named)


def test_the_home_directory_of_another_user():
    assert PathParser().parse("~root/x") == os.path.expanduser("~root/x") != "~root/x"
    with pytest.raises(ValueError, match="no such user"):
        PathParser().parse("~no_such_user/x")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "empty"),
        ("runs/" + 256 * "n", "File name too long"),
        (2100 * "a/", "File name too long"),
        ("a\0b", "null character"),
        (os.fsdecode(b"a\xff"), "not UTF-8"),
    ],
)
def test_what_no_path_can_be_is_refused(value, reason):
    with pytest.raises(ValueError, match=reason):
        PathParser().parse(value)


def test_a_parent_that_can_not_be_entered_is_refused(monkeypatch):
    def lstat(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(path.os, "lstat", lstat)
    with pytest.raises(ValueError, match="Permission denied"):
        PathParser().parse("locked/run")


@pytest.mark.parametrize("value", ["runs/lr=[1,2]", "a [b]*?\\ é", "a\nb", 255 * "n", " x "])
def test_any_other_name_is_taken_as_it_is(value):
    assert PathParser().parse(value) == value


def test_another_locale_takes_ascii_only(monkeypatch):
    monkeypatch.setattr(path.sys, "getfilesystemencoding", lambda: "iso8859-1")
    assert PathParser().parse("runs/x") == "runs/x"
    with pytest.raises(ValueError, match="PYTHONUTF8=1"):
        PathParser().parse("é")


def test_files_of_the_checkout_are_found_from_anywhere_unless_there_is_one_here(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert path.find("presets/demo.flags") == str(ROOT / "presets/demo.flags")
    assert path.find("presets/nothing.flags") == "presets/nothing.flags"
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "demo.flags").touch()
    assert path.find("presets/demo.flags") == "presets/demo.flags"
    assert parse("evaluate", "data_dir", "docs") == "docs"
