"""Image files as a source of encoded images."""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Collection

import numpy as np
import tensorflow as tf

from snas_tf.data import decoding
from snas_tf.data.encoded_source import Reader, as_png
from snas_tf.data.fingerprint import digest_files
from snas_tf.data.image_files import ImageFiles


@dataclasses.dataclass(frozen=True, eq=False)
class FolderSource:
    """Image files.

    Attributes:
        files: their paths, each with its label.
        root: the directory that they lie below.
    """

    files: ImageFiles
    root: pathlib.Path

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.files)

    @property
    def labels(self) -> np.ndarray:
        """See `EncodedSource`."""
        return self.files.labels

    def take(self, positions: np.ndarray) -> "FolderSource":
        """See `EncodedSource`."""
        return FolderSource(self.files.take(positions), self.root)

    def relabel(self, labels: np.ndarray) -> "FolderSource":
        """See `EncodedSource`."""
        return FolderSource(self.files.relabel(labels), self.root)

    def make_reader(self) -> Reader:
        """See `EncodedSource`."""
        directories, labels, places, names = self._tensors

        def read(position: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            place = places[position]
            path = tf.strings.join([directories[place], names[position]])
            return tf.io.read_file(path), labels[place]

        return read

    @functools.cached_property
    def _tensors(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
        """The directories, the label of each, and for each file its directory and its name."""
        directories = self.files.directories
        with tf.device("CPU"):
            return (
                tf.constant([os.fsencode(path) + b"/" for path, _ in directories]),
                tf.constant([label for _, label in directories], tf.int64),
                tf.constant(self.files.places),
                tf.constant(self.files.names),
            )

    def read_as_png(self, position: int) -> tuple[bytes, int]:
        """See `EncodedSource`."""
        path, label = self.files[position]
        try:
            return as_png(decoding.decode(path)), label
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
        return self.take(np.delete(np.arange(len(self)), list(positions)))

    @functools.cached_property
    def digest(self) -> str:
        """See `EncodedSource`."""
        return digest_files(self.files, self.root)
