"""Strict reading of small text files."""

import codecs
import gzip
import io
import json
import math
import os
import pathlib
import stat
import zlib
from typing import Any

from snas_tf.errors import quote

MAX_BYTES = 1_000_000
_MAX_DIGITS = 20  # of an integer: any of 64 bits
_GZIP = b"\x1f\x8b"  # the first bytes of such a file


def read_text(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> str:
    """Read a text file: UTF-8, with a byte order mark or without, or UTF-16 with one.

    Args:
        path: the file; a directory, a pipe or a device is refused, not waited for.
        max_bytes: the most that the file may hold.

    Returns:
        The text, its lines ended by a line feed.

    Raises:
        OSError: the file is missing (`FileNotFoundError`), no regular file, or can't be read.
        ValueError: it is too large, or no text.
        Both with a message of a few words that does not name the file.
    """
    return _decode(_read_bytes(pathlib.Path(path), max_bytes))


def read_compressed_text(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> str:
    """Read a text file that gzip has compressed, or a plain one; see `read_text`.

    Args:
        path: the file; its first bytes tell whether it is compressed.
        max_bytes: the most that the text may hold.
    """
    content = _read_bytes(pathlib.Path(path), max_bytes)
    if content.startswith(_GZIP):
        content = _decompress(content, max_bytes)
    return _decode(content)


def _decode(content: bytes) -> str:
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if utf_16 else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"no {'UTF-16' if utf_16 else 'UTF-8'} text: {error.reason}") from error
    if "\0" in text:
        raise ValueError("no text: it holds a null character")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_bytes(path: pathlib.Path, max_bytes: int) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError("a directory, not a file")
        if not stat.S_ISREG(mode):
            raise OSError("not a regular file")
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise type(error)(error.strerror or str(error)) from error
    _check_size(content, max_bytes)
    return content


def _decompress(content: bytes, max_bytes: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            content = file.read(max_bytes + 1)
    except EOFError as error:
        raise ValueError("compressed by gzip, and cut off") from error
    except (OSError, zlib.error) as error:
        raise ValueError("compressed by gzip, and damaged") from error
    _check_size(content, max_bytes)
    return content


def _check_size(content: bytes, max_bytes: int) -> None:
    if len(content) > max_bytes:
        raise ValueError(f"larger than {max_bytes:,} bytes")


def read_json(path: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> Any:
    """Read a JSON file; see `read_text` and `parse_json` for errors."""
    return parse_json(read_text(path, max_bytes))


def parse_json(text: str) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: it is not JSON; a key comes twice in an object; a number is not finite, or an
            integer of more than 20 digits; it is nested too deeply. In a few words.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_number,
            parse_float=_number,
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"not JSON: {error.msg}, {where}") from error
    except RecursionError as error:
        raise ValueError("not JSON of ours: nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise ValueError(f"the key {quote(key)} comes twice")
        content[key] = value
    return content


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{quote(text)} is no finite number")
    return value


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"an integer of {len(text)} digits")
    return int(text)
