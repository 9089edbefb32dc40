"""Random access to the records of a prepared TFDS split."""

import concurrent.futures
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from snas_tf.data.prepared import one_line, unavailable

_LENGTH_BYTES, _CHECKSUM_BYTES = 8, 4
_BEFORE, _AFTER = _LENGTH_BYTES + _CHECKSUM_BYTES, _CHECKSUM_BYTES
"""A TFRecord is a length and its checksum, that many bytes, and their checksum."""

_THREADS = 16


class TFRecords(Sequence[bytes]):
    """The records of TFRecord files, one after the other, each found by its position.

    The format has no index, so one is made of the lengths of all records: two small reads each,
    seconds for a million records on a solid-state disk. Its 8 bytes a record are kept in memory,
    the files are not held open.

    Args:
        paths: the files.

    Raises:
        OSError: a file can't be read.
        ValueError: a file ends within a record; names it.
    """

    def __init__(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        self._paths = [pathlib.Path(path) for path in paths]
        with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
            self._starts = list(pool.map(_record_starts, self._paths))
        self._ends = np.cumsum([len(starts) - 1 for starts in self._starts])

    def __len__(self) -> int:
        """The number of records."""
        return int(self._ends[-1])

    def __getitem__(self, position: int) -> bytes:
        """The record at `position`, 0 to the number of records less 1."""
        if not 0 <= position < len(self):
            raise IndexError(position)
        file = int(np.searchsorted(self._ends, position, side="right"))
        starts = self._starts[file]
        within = position - int(self._ends[file]) + len(starts) - 1
        start, end = int(starts[within]), int(starts[within + 1])
        with open(self._paths[file], "rb") as stream:
            stream.seek(start + _BEFORE)
            return stream.read(end - start - _BEFORE - _AFTER)


def open_records(builder: Any, split: str, name: str) -> Sequence[bytes]:
    """The serialised examples of a prepared split.

    Args:
        builder: of a data set prepared as TFRecord, TFDS's default, or as ArrayRecord.
        split: the name of the split.
        name: the value of `--dataset`, for messages.

    Raises:
        UserError: the prepared copy is of another format or can't be read.
    """
    import tensorflow_datasets as tfds  # Here, as it takes long to import.

    file_format = builder.info.file_format.value
    try:
        if file_format == "array_record":
            raw = tfds.decode.DeserializeMethod.RAW_BYTES
            return builder.as_data_source(split=split, deserialize_method=raw)
        if file_format != "tfrecord":
            raise ValueError(f"it is of the format {file_format}, not tfrecord or array_record")
        records = TFRecords(builder.info.splits[split].filepaths)
        expected = builder.info.splits[split].num_examples
        if len(records) != expected:
            raise ValueError(f"{split} has {len(records)} examples, not {expected}")
        return records
    except (OSError, ValueError, RuntimeError) as error:
        reason = f"the prepared copy in {builder.data_path} can't be read ({one_line(error)})"
        raise unavailable(name, reason) from error


def _record_starts(path: pathlib.Path) -> np.ndarray:
    """Where each record of a file starts, and where the last one ends: int64 [records + 1]."""
    starts, size = [0], path.stat().st_size
    with open(path, "rb", buffering=0) as stream:
        while starts[-1] < size:
            length = os.pread(stream.fileno(), _LENGTH_BYTES, starts[-1])
            starts.append(starts[-1] + _BEFORE + int.from_bytes(length, "little") + _AFTER)
    if starts[-1] != size:
        raise ValueError(f"{path.name} ends within a record")
    return np.array(starts, np.int64)
