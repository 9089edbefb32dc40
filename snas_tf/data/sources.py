"""Where encoded images and their labels come from, one example at a time, in any order."""

import dataclasses
import io
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import PIL.Image
import tensorflow as tf

from snas_tf.data import decoding, prepared
from snas_tf.data.fingerprint import digest_files, digest_records

Reader = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""From a position, int64 [], to (encoded image, string []; label, int64 []), in a graph."""


class Source(Protocol):
    """Encoded images with labels, found by their positions."""

    def __len__(self) -> int:
        """The number of examples."""

    def reader(self) -> Reader:
        """What reads an example; to be called outside of a graph, used within one."""

    def rewrite(self, position: int) -> tuple[bytes, int]:
        """The example as (PNG image that TensorFlow decodes, label), read with Pillow.

        Raises:
            UserError: Pillow can't read it either; names the file.
        """

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

    def reader(self) -> Reader:
        """What reads an example, as in `Source`."""
        with tf.device("CPU"):
            paths = tf.constant([os.fsencode(path) for path, _ in self.files])
            labels = tf.constant([label for _, label in self.files], tf.int64)
        return lambda position: (tf.io.read_file(paths[position]), labels[position])

    def rewrite(self, position: int) -> tuple[bytes, int]:
        """The example as a PNG image, as in `Source`."""
        path, label = self.files[position]
        try:
            return _as_png(decoding.decode(path)), label
        except Exception as error:
            decoding.report(path, error, skip_corrupt=False)
            raise

    def digest(self) -> str:
        """The digest of all examples, as in `Source`."""
        return digest_files(self.files, self.root)


@dataclasses.dataclass(frozen=True, eq=False)
class PreparedSource:
    """The examples of a split that TFDS has prepared.

    Attributes:
        name: the value of `--dataset`.
        records: serialised `tf.train.Example`s.
        image_key, label_key: the names of the two features.
    """

    name: str
    records: Sequence[bytes]
    image_key: str
    label_key: str

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.records)

    def reader(self) -> Reader:
        """What reads an example, as in `Source`."""

        def read(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            record = tf.numpy_function(lambda p: self.records[int(p)], [position], tf.string)
            return self._parse(tf.ensure_shape(record, []))

        return read

    def rewrite(self, position: int) -> tuple[bytes, int]:
        """The example as a PNG image, as in `Source`."""
        try:
            image, label = self._parse(tf.constant(self.records[position]))
            return _as_png(decoding.decode(io.BytesIO(image.numpy()))), int(label)
        except Exception as error:
            reason = f"example {position} can't be read ({prepared.one_line(error)})"
            raise prepared.unavailable(self.name, reason) from error

    def digest(self) -> str:
        """The digest of all examples, as in `Source`."""
        return digest_records(self.records)

    def _parse(self, record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The image is left encoded, which a decoder of TFDS would also do."""
        features = {
            self.image_key: tf.io.FixedLenFeature([], tf.string),
            self.label_key: tf.io.FixedLenFeature([], tf.int64),
        }
        example = tf.io.parse_single_example(record, features)
        return example[self.image_key], example[self.label_key]


def _as_png(image: np.ndarray) -> bytes:
    """The encoded form of an image, uint8 [height, width, 3]."""
    stream = io.BytesIO()
    PIL.Image.fromarray(image).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
