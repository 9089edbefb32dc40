import codecs
import gzip
import json
import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snas_tf.files.text_files import (
    MAX_BYTES,
    parse_json,
    read_compressed_text,
    read_json,
    read_text,
)

TEXT = "naïve\nzwei\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
    ids=["UTF-8", "its mark", "CRLF", "CR", "UTF-16 LE", "UTF-16 BE"],
)
def test_text_is_the_same_however_it_is_encoded(content, tmp_path):
    (tmp_path / "text").write_bytes(content)
    assert read_text(tmp_path / "text") == TEXT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\x80", "no UTF-8 text"),
        (codecs.BOM_UTF16_LE + b"\x00", "no UTF-16 text"),
        (TEXT.encode("utf-16-le"), "no "),
        (codecs.BOM_UTF32_LE + "a".encode("utf-32-le"), "null character"),
        (b"a\0b", "null character"),
        (b"x" * (MAX_BYTES + 1), "larger than 1,000,000 bytes"),
    ],
)
def test_what_is_no_small_text_is_a_value_error_of_a_few_words(content, message, tmp_path):
    (tmp_path / "text").write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_text(tmp_path / "text")
    assert len(str(caught.value)) < 80


def test_a_file_of_just_the_largest_size_is_read(tmp_path):
    (tmp_path / "text").write_bytes(b"x" * 10)
    assert read_text(tmp_path / "text", max_bytes=10) == "x" * 10
    with pytest.raises(ValueError, match="larger than 9 bytes"):
        read_text(tmp_path / "text", max_bytes=9)


def test_what_is_no_file_is_an_os_error_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind, message in [
        (tmp_path / "gone", FileNotFoundError, "No such file"),
        (tmp_path, IsADirectoryError, "a directory, not a file"),
        (tmp_path / "pipe", OSError, "not a regular file"),
        ("/dev/zero", OSError, "not a regular file"),
        (tmp_path / ("x" * 300), OSError, "File name too long"),
        (tmp_path / "pipe" / "file", NotADirectoryError, "Not a directory"),
    ]:
        with pytest.raises(kind, match=message) as caught:
            read_text(path)
        assert len(str(caught.value)) < 80


def test_a_path_that_no_file_can_have_is_a_value_error():
    with pytest.raises(ValueError, match="null"):
        read_text("a\0b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Expecting value, line 1, column 1"),
        ('{"a": 1,\n"b"', "line 2"),
        ('{"a": {"b": 1, "b": 1}}', "the key 'b' comes twice"),
        ("[NaN]", "'NaN' is no finite number"),
        ("-Infinity", "no finite number"),
        ("1e400", "'1e400' is no finite number"),
        ("9" * 5000, "an integer of 5000 digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("[1] [2]", "Extra data"),
        ('{"' + "k" * 5000 + '": 1, "' + "k" * 5000 + '": 1}', "comes twice"),
    ],
    ids=range(11),
)
def test_what_is_no_strict_json_is_a_value_error_of_a_few_words(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_json(text)
    assert len(str(caught.value)) < 120
    assert "\n" not in str(caught.value)


def test_a_json_file_is_read(tmp_path):
    (tmp_path / "file").write_bytes(codecs.BOM_UTF8 + b'{"a": [1, -2.5e3, null, true]}\r\n')
    assert read_json(tmp_path / "file") == {"a": [1, -2500.0, None, True]}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(max_examples=30, deadline=None)
@given(JSON)
def test_what_json_writes_is_parsed(value):
    assert parse_json(json.dumps(value)) == value


def test_a_full_file_takes_no_time_to_speak_of(tmp_path):
    (tmp_path / "file").write_text("[" + "[1]," * 249_990 + "[1]]")
    started = time.thread_time()
    assert len(read_json(tmp_path / "file")) == 249_991
    assert time.thread_time() - started < 10


def test_a_compressed_text_is_the_text_and_a_plain_one_too(tmp_path):
    path = tmp_path / "text"
    for content in (TEXT.encode(), gzip.compress(TEXT.replace("\n", "\r\n").encode())):
        path.write_bytes(content)
        assert read_compressed_text(path) == TEXT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(TEXT.encode())[:-9], "cut off"),
        (gzip.compress(TEXT.encode())[:-8] + b"12345678", "damaged"),
        (gzip.compress(TEXT.encode())[:10] + b"\xff" * 20, "damaged"),
        (gzip.compress(bytes(101)), "larger than 100 bytes"),
        (b"x" * 101, "larger than 100 bytes"),
    ],
    # The time of a compression would be in the names that pytest makes.
    ids=["cut off", "damaged end", "damaged", "large", "large and plain"],
)
def test_what_can_not_be_decompressed_is_a_value_error(content, reason, tmp_path):
    (tmp_path / "text").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read_compressed_text(tmp_path / "text", 100)
