"""Encoded images with labels, read one at a time in any order."""

import dataclasses
import functools
import io
import os
import pathlib
from collections.abc import Callable, Collection
from typing import Protocol

import numpy as np
import PIL.Image
import tensorflow as tf

from snas_tf.data import decoding
from snas_tf.data.fingerprint import digest_files, digest_records
from snas_tf.data.parallel import parallel_map
from snas_tf.data.tfds_builder import format_reason, unavailable_error
from snas_tf.data.tfds_records import Records
from snas_tf.errors import UserError

Reader = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""From a position, int64 [], to (encoded image, string []; label, int64 []), in a graph."""


class EncodedSource(Protocol):
    """Encoded images with labels, found by their positions."""

    def __len__(self) -> int:
        """The number of examples."""

    def make_reader(self) -> Reader:
        """Make a function that reads an example in a graph; to be called outside of the graph."""

    def read_as_png(self, position: int) -> tuple[bytes, int]:
        """Read an example with Pillow.

        Returns:
            (PNG image that TensorFlow decodes, label).

        Raises:
            UserError: Pillow can't read it either; names the file.
        """

    def find_damaged(self, skip_corrupt: bool) -> tuple[int, ...]:
        """Decode every example once, with progress.

        Args:
            skip_corrupt: whether an example may be left out.

        Returns:
            The positions of the examples that can't be decoded.

        Raises:
            UserError: there is one, and it may not be left out; names the file.
        """

    @property
    def digest(self) -> str:
        """The digest of all examples."""


@dataclasses.dataclass(frozen=True, eq=False)
class FolderSource:
    """Image files.

    Attributes:
        files: their paths, each with its label.
        root: the directory that they lie below.
    """

    files: decoding.Files
    root: pathlib.Path

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.files)

    def make_reader(self) -> Reader:
        """See `EncodedSource`."""
        with tf.device("CPU"):
            paths = tf.constant([os.fsencode(path) for path, _ in self.files])
            labels = tf.constant([label for _, label in self.files], tf.int64)
        return lambda position: (tf.io.read_file(paths[position]), labels[position])

    def read_as_png(self, position: int) -> tuple[bytes, int]:
        """See `EncodedSource`."""
        path, label = self.files[position]
        try:
            return _as_png(decoding.decode(path)), label
        except Exception as error:
            decoding.report_damage(path, error, skip_corrupt=False)
            raise

    def find_damaged(self, skip_corrupt: bool) -> tuple[int, ...]:
        """See `EncodedSource`."""
        return decoding.find_damaged(self.files, skip_corrupt)

    def without(self, positions: Collection[int]) -> "FolderSource":
        """Leave out the files at these positions."""
        if not positions:
            return self
        left_out = set(positions)
        kept = [file for position, file in enumerate(self.files) if position not in left_out]
        return FolderSource(kept, self.root)

    @functools.cached_property
    def digest(self) -> str:
        """See `EncodedSource`."""
        return digest_files(self.files, self.root)


@dataclasses.dataclass(frozen=True, eq=False)
class TfdsSource:
    """The examples of a split that TFDS has prepared.

    Attributes:
        name: name of the data set.
        records: serialized `tf.train.Example`s.
        image_key, label_key: the names of the two features.
        num_classes: labels are 0 to one less.
    """

    name: str
    records: Records
    image_key: str
    label_key: str
    num_classes: int

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.records)

    def make_reader(self) -> Reader:
        """See `EncodedSource`; to read an example whose label is not of a class is an error."""
        read_record = self.records.make_reader()

        def read(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            image, label = self._parse(read_record(position))
            known = tf.debugging.Assert((label >= 0) & (label < self.num_classes), ["no class"])
            with tf.control_dependencies([known]):
                return tf.identity(image), tf.identity(label)

        return read

    def read_as_png(self, position: int) -> tuple[bytes, int]:
        """See `EncodedSource`."""
        try:
            image, label = self._read(position)
            return _as_png(decoding.decode(image)), label
        except Exception as error:
            raise self._unreadable(position, error) from error

    def find_damaged(self, skip_corrupt: bool) -> tuple[int, ...]:
        """See `EncodedSource`; no example of a prepared copy may be left out."""

        def find_damage(position: int) -> Exception | None:
            try:
                return decoding.find_damage(self._read(position)[0])
            except Exception as error:
                return error

        with parallel_map(find_damage, range(len(self)), "checking images") as errors:
            for position, error in enumerate(errors):
                if error:
                    raise self._unreadable(position, error) from error
        return ()

    def _read(self, position: int) -> tuple[io.BytesIO, int]:
        """Read the encoded image and its label, and check that the label is of a class."""
        image, label = self._parse(tf.constant(self.records[position]))
        if not 0 <= label < self.num_classes:
            raise ValueError(f"its label is {label}, not 0 to {self.num_classes - 1}")
        return io.BytesIO(image.numpy()), int(label)

    def has_labels(self) -> bool:
        """Whether the examples have labels; TFDS gives -1 for a label that is withheld."""
        try:
            _, label = self._parse(tf.constant(self.records[0]))
        except Exception as error:
            raise self._unreadable(0, error) from error
        return int(label) >= 0

    @functools.cached_property
    def digest(self) -> str:
        """See `EncodedSource`."""
        try:
            return digest_records(self.records)
        except (tf.errors.OpError, OSError) as error:
            reason = f"the prepared copy can't be read ({format_reason(error)})"
            raise unavailable_error(self.name, reason) from error

    def _unreadable(self, position: int, error: Exception) -> UserError:
        reason = f"example {position} can't be read ({format_reason(error)})"
        return unavailable_error(self.name, reason)

    def _parse(self, record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Parse a record to the encoded image and its label."""
        features = {
            self.image_key: tf.io.FixedLenFeature([], tf.string),
            self.label_key: tf.io.FixedLenFeature([], tf.int64),
        }
        example = tf.io.parse_single_example(record, features)
        return example[self.image_key], example[self.label_key]


def _as_png(image: np.ndarray) -> bytes:
    """Encode an image, uint8 [height, width, 3]."""
    stream = io.BytesIO()
    PIL.Image.fromarray(image).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
