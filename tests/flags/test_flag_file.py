import os

import pytest

from flags.flag_file import expand
from snas_tf.errors import UserError

FLAGS = ["--mode=evaluate", "--model_dir=é [1]", "--nopenalty_baseline"]
TEXT = (
    "# a comment\r\n--mode=evaluate\r\n\r\n  --model_dir=é [1]\r\n// another\n--nopenalty_baseline"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_one_flag_a_line_in_any_encoding_with_a_mark(tmp_path, encoding):
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""
    file = tmp_path / "a.flags"
    file.write_bytes((mark + TEXT).encode(encoding))
    assert expand(["--seed=1", f"--flagfile={file}", "--epochs", "3"]) == [
        "--seed=1",
        *FLAGS,
        "--epochs",
        "3",
    ]


def test_the_other_spellings_of_the_flag(tmp_path):
    file = tmp_path / "a.flags"
    file.write_text("--seed=1")
    assert expand(["-flagfile", str(file), f"-flagfile={file}"]) == ["--seed=1", "--seed=1"]
    assert expand(["--", f"--flagfile={file}"]) == ["--", f"--flagfile={file}"]


def test_a_file_may_name_others_twice_but_not_itself(tmp_path):
    inner, outer, circle = (tmp_path / name for name in ("inner", "outer", "circle"))
    inner.write_text("--seed=1")
    outer.write_text(f"--flagfile={inner}\n--epochs=2\n--flagfile={inner}")
    assert expand([f"--flagfile={outer}"]) == ["--seed=1", "--epochs=2", "--seed=1"]
    circle.write_text(f"--flagfile={tmp_path}/./circle")
    with pytest.raises(UserError, match="circle: includes itself"):
        expand([f"--flagfile={circle}"])


def test_a_tilde_and_a_preset_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.flags").write_text("--seed=1")
    assert expand(["--flagfile=~/a.flags"]) == ["--seed=1"]
    assert "--dataset=digits" in expand(["--flagfile=presets/demo.flags"])


def pipe(file):
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda file: None, "No such file"),
        (lambda file: file.mkdir(), "a directory"),
        (pipe, "not a regular file"),
        (lambda file: file.write_bytes(b"\x7fELF\x00\x01"), "no( UTF-8| UTF-16)? text"),
        (lambda file: file.write_bytes(b"--seed=1\xff\xfe"), "no( UTF-8| UTF-16)? text"),
        (lambda file: file.write_bytes("--seed=1".encode("utf-16-le")), "no( UTF-8| UTF-16)? text"),
        (lambda file: file.write_bytes(b"\xff\xfe-"), "no( UTF-8| UTF-16)? text"),
        (lambda file: file.write_bytes(b"#" * (1 << 20)), "larger than"),
        (lambda file: file.write_text("--seed=1\nepochs=3"), "line 2 is 'epochs=3'"),
    ],
)
def test_any_other_file_is_one_line(tmp_path, make, reason):
    file = tmp_path / "a.flags"
    make(file)
    with pytest.raises(UserError, match=reason) as refused:
        expand([f"--flagfile={file}"])
    assert str(refused.value).startswith(f"--flagfile={file}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "arguments", [["--flagfile"], ["--flagfile="], ["--flagfile=" + 300 * "n"]]
)
def test_a_name_that_can_not_be_is_one_line(arguments):
    with pytest.raises(UserError, match="--flagfile="):
        expand(arguments)
