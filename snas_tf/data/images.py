"""Labeled images in memory: 8-bit RGB, all of one size."""

import dataclasses
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from snas_tf.errors import UserError


@dataclasses.dataclass(frozen=True, eq=False)
class Images:
    """Labeled images.

    Attributes:
        images: uint8 [examples, height, width, channels = 3].
        labels: int64 [examples], the indices of their classes.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """The number of examples."""
        return len(self.labels)

    def take(self, indices: np.ndarray) -> "Images":
        """The examples at integer `indices` [examples], in that order."""
        return Images(self.images[indices], self.labels[indices])

    def relabel(self, labels: np.ndarray) -> "Images":
        """The same examples with new labels, int64 [old labels]."""
        return Images(self.images, labels[self.labels])


def stack(blocks: Iterable[tuple[np.ndarray, np.ndarray]], image_size: int | None) -> Images:
    """Gather blocks of examples, one block at a time.

    Args:
        blocks: pairs of images, uint8 [block, height, width, channels], and their labels, [block].
            The channels are 1 (gray), 3 (RGB) or 4 (RGB and an opacity; it is laid on white).
        image_size: every image is resized to this many pixels square; None keeps their size.

    Raises:
        UserError: the images keep their sizes, and those differ.
    """
    images, labels = [], []
    for block, block_labels in blocks:
        images.append(resize(_to_rgb(block), image_size))
        labels.append(block_labels)
        require_same_size(images[0], images[-1])
    return Images(np.concatenate(images), np.concatenate(labels).astype(np.int64))


def require_same_size(first: np.ndarray, other: np.ndarray) -> None:
    """Check that images, uint8 [examples, height, width, channels], are of one size.

    Raises:
        UserError: they are not.
    """
    if first.shape[1:] != other.shape[1:]:
        sizes = " and ".join(f"{block.shape[1]} x {block.shape[2]}" for block in (first, other))
        raise UserError(
            f"`image_size`: not given, but the images differ in size ({sizes} pixels); "
            "accepted: `image_size`=N, which makes them N x N"
        )


def on_white(images: np.ndarray) -> np.ndarray:
    """Lay images with an opacity, uint8 [..., channels = 4], on white: uint8 [..., 3]."""
    colors, opacity = images[..., :3].astype(np.uint16), images[..., 3:].astype(np.uint16)
    return ((colors * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)


def resize(images: np.ndarray, size: int | None) -> np.ndarray:
    """Resize images as `resize_by_area` does.

    Args:
        images: uint8 [examples, height, width, channels].
        size: pixels on a side; None keeps the size.
    """
    if size is None or images.shape[1:3] == (size, size):
        return images
    with tf.device("CPU"):
        return resize_by_area(images, (size, size)).numpy()


def resize_by_area(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Resize whole images: means over areas of a larger image, repeated pixels of a smaller one.

    Args:
        images: uint8 [batch, height, width, channels].
        size: (height, width) to which they are resized, in pixels.

    Returns:
        uint8 [batch, height, width, channels].
    """
    resized = tf.image.resize(images, size, method="area")
    return tf.cast(tf.round(resized), tf.uint8)


def _to_rgb(images: np.ndarray) -> np.ndarray:
    if images.shape[-1] == 4:
        return on_white(images)
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images
