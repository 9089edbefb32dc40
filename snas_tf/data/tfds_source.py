"""A split that TFDS has prepared as a source of encoded images."""

import dataclasses
import functools
import io

import numpy as np
import tensorflow as tf

from snas_tf.data import decoding, pipeline
from snas_tf.data.encoded_source import Reader, as_png
from snas_tf.data.fingerprint import digest_records
from snas_tf.data.parallel import parallel_map, show_progress
from snas_tf.data.tfds_builder import format_reason, unavailable_error, unreadable_copy_error
from snas_tf.data.tfds_records import Records, TakenRecords
from snas_tf.errors import UserError

_LABELS_AT_ONCE = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class TfdsSource:
    """The examples of a split that TFDS has prepared, or some of them.

    Attributes:
        name: name of the data set.
        records: serialized `tf.train.Example`s.
        image_key, label_key: the names of the two features.
        num_classes: labels in the records are 0 to one less.
        known_labels: the labels, int64 [examples]; None to read them from the records.
        new_labels: the label of each label in the records; None for the same.
    """

    name: str
    records: Records
    image_key: str
    label_key: str
    num_classes: int
    known_labels: np.ndarray | None = None
    new_labels: np.ndarray | None = None

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.records)

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """See `EncodedSource`; they are read from all records, with progress, unless known.

        Raises:
            UserError: a record can't be read, or its label is not of a class.
        """
        if self.known_labels is not None:
            return self.known_labels
        read_record, count = self.records.make_reader(), len(self)
        batches = (
            tf.data.Dataset.range(count)
            .map(lambda p: self._parse(read_record(p))[1], pipeline.count_cores())
            .batch(_LABELS_AT_ONCE)
        )
        read = pipeline.keep_numbers(batches).as_numpy_iterator()
        one_by_one = (label for batch in read for label in batch)
        try:
            progress = show_progress(one_by_one, count, "reading labels")
            labels = np.fromiter(progress, np.int64, count)
        except (tf.errors.OpError, OSError) as error:
            raise unreadable_copy_error(self.name, error) from error
        for position in np.flatnonzero((labels < 0) | (labels >= self.num_classes))[:1]:
            raise self._unreadable(int(position), self._no_class(labels[position]))
        return labels

    def take(self, positions: np.ndarray) -> "TfdsSource":
        """See `EncodedSource`."""
        records = TakenRecords(self.records, positions)
        return dataclasses.replace(self, records=records, known_labels=self.labels[positions])

    def relabel(self, labels: np.ndarray) -> "TfdsSource":
        """See `EncodedSource`."""
        new = labels if self.new_labels is None else labels[self.new_labels]
        return dataclasses.replace(self, known_labels=labels[self.labels], new_labels=new)

    def make_reader(self) -> Reader:
        """See `EncodedSource`; to read an example whose label is not of a class is an error."""
        read_record = self.records.make_reader()
        new_labels = self.new_labels
        if new_labels is None:
            new_labels = np.arange(self.num_classes)

        def read(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            image, label = self._parse(read_record(position))
            known = tf.debugging.Assert((label >= 0) & (label < self.num_classes), ["no class"])
            with tf.control_dependencies([known]):
                return tf.identity(image), tf.gather(new_labels, label)

        return read

    def read_as_png(self, position: int) -> tuple[bytes, int]:
        """See `EncodedSource`."""
        try:
            image, label = self._read(position)
            return as_png(decoding.decode(image)), label
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
            raise self._no_class(label)
        new_labels = self.new_labels
        return io.BytesIO(image.numpy()), int(label if new_labels is None else new_labels[label])

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
            raise unreadable_copy_error(self.name, error) from error

    def _no_class(self, label: int) -> ValueError:
        return ValueError(f"its label is {label}, not 0 to {self.num_classes - 1}")

    def _unreadable(self, position: int, error: Exception) -> UserError:
        number = self.records.number(position)
        reason = f"example {number} can't be read ({format_reason(error)})"
        return unavailable_error(self.name, reason)

    def _parse(self, record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Parse a record to the encoded image and its label."""
        features = {
            self.image_key: tf.io.FixedLenFeature([], tf.string),
            self.label_key: tf.io.FixedLenFeature([], tf.int64),
        }
        example = tf.io.parse_single_example(record, features)
        return example[self.image_key], example[self.label_key]
