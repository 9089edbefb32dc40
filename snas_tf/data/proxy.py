"""The proxy of a data set: some of its classes, and of each some of the training images."""

import dataclasses
import hashlib
from typing import Any

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.data.batches import TRAIN
from snas_tf.data.collection import AnySource, Contents
from snas_tf.errors import UserError

_PURPOSE = 1
"""Added to a seed, so that this draw is independent of others."""


def apply(contents: Contents[AnySource], config: DataConfig, seed: int) -> Contents[AnySource]:
    """Take the classes and images that a config asks for.

    Validation and test images of the drawn classes are all kept. The classes keep their order;
    their labels become 0 to their number less 1.

    Args:
        contents: all images.
        config: `classes` is the number of classes to draw, and `examples_per_class` the most
            training images of each; None for all.
        seed: at least 0; a seed always draws the same ones.

    Returns:
        The images, with a remark for the user and a note for the record of the run; `contents`
        itself where nothing is to be drawn.

    Raises:
        UserError: more classes are asked for than have images.
    """
    if config.classes is None and config.examples_per_class is None:
        return contents
    labels, num_classes = contents.parts[TRAIN].labels, len(contents.class_names)
    classes, positions = draw(labels, config.classes, config.examples_per_class, seed)
    new_labels = np.full(num_classes, -1, np.int64)
    new_labels[classes] = np.arange(len(classes))
    parts = {}
    for part, images in contents.parts.items():
        taken = np.flatnonzero(new_labels[images.labels] >= 0) if part != TRAIN else positions
        parts[part] = images.take(taken).relabel(new_labels)
    per_class = config.examples_per_class
    most = "all" if per_class is None else f"at most {per_class:,}"
    remark = (
        f"drawn with seed {seed}: {len(classes):,} of {num_classes:,} classes, {most} images of "
        f"each; {len(positions):,} of {len(labels):,} training images"
    )
    return dataclasses.replace(
        contents,
        parts=parts,
        class_names=tuple(contents.class_names[label] for label in classes),
        remarks=(*contents.remarks, remark),
        notes={**contents.notes, "proxy": _describe(seed, positions, len(labels), num_classes)},
    )


def draw(
    labels: np.ndarray, num_classes: int | None, per_class: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw classes, and images of each.

    Args:
        labels: of all training images, int64 [images].
        num_classes: how many classes; None for all that have images.
        per_class: the most images of a class; None for all.
        seed: at least 0.

    Returns:
        The labels of the classes, and the positions of the images, both int64 and rising.

    Raises:
        UserError: fewer classes have images.
    """
    generator = np.random.default_rng([seed, _PURPOSE])
    classes = np.unique(labels)
    if num_classes is not None:
        if num_classes > len(classes):
            raise UserError(
                f"`classes`={num_classes}: more than have images, accepted: 2 to {len(classes)}"
            )
        classes = np.sort(generator.choice(classes, num_classes, replace=False))
    order = generator.permutation(len(labels))
    drawn = labels[order]
    positions = [order[np.flatnonzero(drawn == label)[:per_class]] for label in classes]
    return classes, np.sort(np.concatenate(positions))


def _describe(
    seed: int, positions: np.ndarray, num_images: int, num_classes: int
) -> dict[str, Any]:
    """Describe a draw for the record of a run, which has the names of the classes."""
    digest = hashlib.sha256(positions.astype("<i8").tobytes()).hexdigest()
    return {"seed": seed, "positions": digest, "of_images": num_images, "of_classes": num_classes}
