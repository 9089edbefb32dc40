"""Encoded images with labels, read one at a time in any order."""

import io
from collections.abc import Callable
from typing import Protocol, Self

import numpy as np
import PIL.Image
import tensorflow as tf

Reader = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
"""From a position, int64 [], to (encoded image, string []; label, int64 []), in a graph."""


class EncodedSource(Protocol):
    """Encoded images with labels, found by their positions."""

    def __len__(self) -> int:
        """The number of examples."""

    @property
    def labels(self) -> np.ndarray:
        """The labels, int64 [examples]."""

    def take(self, positions: np.ndarray) -> Self:
        """The examples at these positions, in that order."""

    def relabel(self, labels: np.ndarray) -> Self:
        """The same examples with new labels, int64 [old labels]; -1 where there is none."""

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


def as_png(image: np.ndarray) -> bytes:
    """Encode an image, uint8 [height, width, 3], as PNG."""
    stream = io.BytesIO()
    PIL.Image.fromarray(image).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
