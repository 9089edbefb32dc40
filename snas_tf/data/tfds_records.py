"""Random access to the records of a prepared TFDS split."""

import concurrent.futures
import functools
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from snas_tf.data.tfds_builder import unreadable_copy_error

_LENGTH_BYTES, _CHECKSUM_BYTES = 8, 4
_BEFORE, _AFTER = _LENGTH_BYTES + _CHECKSUM_BYTES, _CHECKSUM_BYTES
"""A TFRecord is a length and its checksum, that many bytes, and their checksum."""

_THREADS = 16

ReadRecord = Callable[[tf.Tensor], tf.Tensor]
"""From a position, int64 [], to a serialized example, string [], in a graph."""


class Records(Protocol):
    """Serialized examples, found by their positions."""

    def __len__(self) -> int:
        """The number of records."""

    def __getitem__(self, position: int) -> bytes:
        """The record at `position`."""

    def number(self, position: int) -> int:
        """The position among all records of the split."""

    def make_reader(self) -> ReadRecord:
        """Make a function that reads a record in a graph; to be called outside of the graph."""


class TFRecords:
    """The records of TFRecord files, one after the other, each found by its position.

    The format has no index, so one is made of the lengths of all records: a small read each,
    seconds for a million records on a solid-state disk. Its 16 bytes a record are kept in memory,
    the files are not held open. The checksums of a record are checked whenever it is read.

    Args:
        paths: the files.

    Raises:
        OSError: a file can't be read.
        ValueError: a file ends within a record; names it.
    """

    def __init__(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        self._paths = [pathlib.Path(path) for path in paths]
        with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
            starts = list(pool.map(_record_starts, self._paths))
        self._starts = np.concatenate(starts)
        self._files = np.repeat(np.arange(len(starts)), [len(offsets) for offsets in starts])

    def __len__(self) -> int:
        """The number of records."""
        return len(self._starts)

    def __getitem__(self, position: int) -> bytes:
        """The record at `position`, 0 to the number of records less 1.

        Raises:
            tf.errors.DataLossError: its checksums are not those of its bytes.
        """
        if not 0 <= position < len(self):
            raise IndexError(position)
        return self.make_reader()(tf.constant(position, tf.int64)).numpy()

    def number(self, position: int) -> int:
        """The position itself."""
        return position

    def make_reader(self) -> ReadRecord:
        """Make a function that reads and checks a record in a graph."""
        paths, files, starts = self._index

        def read(position: tf.Tensor) -> tf.Tensor:
            # TensorFlow's own reader, which alone computes the checksums fast.
            whole = tf.raw_ops.TFRecordDatasetV2(
                filenames=paths[files[position]][tf.newaxis],
                compression_type="",
                buffer_size=tf.constant(0, tf.int64),
                byte_offsets=starts[position][tf.newaxis],
            )
            kinds = {"output_types": [tf.string], "output_shapes": [[]]}
            first = tf.raw_ops.TakeDataset(
                input_dataset=whole, count=tf.constant(1, tf.int64), **kinds
            )
            return tf.raw_ops.DatasetToSingleElement(dataset=first, **kinds)[0]

        return read

    @functools.cached_property
    def _index(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The paths, and for each record its path's position and where it starts there."""
        with tf.device("CPU"):
            paths = tf.constant([os.fsencode(path) for path in self._paths])
            return paths, tf.constant(self._files), tf.constant(self._starts)


class ArrayRecords:
    """The records of a TFDS data source, whose reader checks them.

    Args:
        source: gives serialized examples by position.
    """

    def __init__(self, source: Sequence[bytes]) -> None:
        self._source = source

    def __len__(self) -> int:
        """The number of records."""
        return len(self._source)

    def __getitem__(self, position: int) -> bytes:
        """The record at `position`, 0 to the number of records less 1."""
        return self._source[position]

    def number(self, position: int) -> int:
        """The position itself."""
        return position

    def make_reader(self) -> ReadRecord:
        """Make a function that reads a record in a graph."""

        def read(position: tf.Tensor) -> tf.Tensor:
            record = tf.numpy_function(lambda p: self[int(p)], [position], tf.string)
            return tf.ensure_shape(record, [])

        return read


class TakenRecords:
    """Some of the records of a split.

    Args:
        records: the records to take from.
        positions: those that are taken, integers [records], in this order.
    """

    def __init__(self, records: Records, positions: np.ndarray) -> None:
        self._records = records
        self._positions = np.asarray(positions, np.int64)

    def __len__(self) -> int:
        """The number of records."""
        return len(self._positions)

    def __getitem__(self, position: int) -> bytes:
        """The record at `position`, 0 to the number of records less 1."""
        return self._records[int(self._positions[position])]

    def number(self, position: int) -> int:
        """The position among all records of the split."""
        return self._records.number(int(self._positions[position]))

    def make_reader(self) -> ReadRecord:
        """Make a function that reads a record in a graph."""
        read = self._records.make_reader()
        with tf.device("CPU"):
            positions = tf.constant(self._positions)
        return lambda position: read(positions[position])


def open_records(builder: Any, split: str, name: str) -> Records:
    """Open the serialized examples of a prepared split.

    Args:
        builder: builder of a data set prepared as TFRecord, TFDS's default, or as ArrayRecord.
        split: the name of the split.
        name: name of the data set, for messages.

    Raises:
        UserError: the prepared copy is of another format or can't be read.
    """
    import tensorflow_datasets as tfds  # Here, as it takes long to import.

    file_format = builder.info.file_format.value
    try:
        if file_format == "array_record":
            raw = tfds.decode.DeserializeMethod.RAW_BYTES
            return ArrayRecords(builder.as_data_source(split=split, deserialize_method=raw))
        if file_format != "tfrecord":
            raise ValueError(f"it is of the format {file_format}, not tfrecord or array_record")
        records = TFRecords(builder.info.splits[split].filepaths)
        expected = builder.info.splits[split].num_examples
        if len(records) != expected:
            raise ValueError(f"{split} has {len(records)} examples, not {expected}")
        return records
    except (OSError, ValueError, RuntimeError) as error:
        raise unreadable_copy_error(name, error, builder.data_path) from error


def _record_starts(path: pathlib.Path) -> np.ndarray:
    """Find where each record of a file starts: int64 [records]."""
    starts, size = [0], path.stat().st_size
    with open(path, "rb", buffering=0) as stream:
        while starts[-1] < size:
            length = os.pread(stream.fileno(), _LENGTH_BYTES, starts[-1])
            starts.append(starts[-1] + _BEFORE + int.from_bytes(length, "little") + _AFTER)
    if starts[-1] != size:
        raise ValueError(f"{path.name} ends within a record")
    return np.array(starts[:-1], np.int64)
