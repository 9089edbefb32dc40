"""The config of the images."""

import dataclasses
import pathlib
from typing import Annotated

from snas_tf.config.accepted import Config, OneOf, Range
from snas_tf.errors import UserError, format_setting

MEMORY, DISK = IMAGE_STORAGES = ("memory", "disk")


@dataclasses.dataclass(frozen=True)
class DataConfig(Config):
    """The images of a run, and their batches.

    Attributes:
        dataset: "digits", "folder", or the name of a TFDS image-classification dataset.
        data_dir: where prepared datasets or class folders are; None for the library's default.
        image_size: images are resized to this many pixels square; None keeps their size. Two
            reductions leave 2 x 2 of the smallest that is accepted.
        batch_size: images a step, over all replicas.
        validation_fraction: share of the training images held out; more than 0 in a search.
        skip_corrupt_images: leave unreadable image files out instead of stopping at them.
        mirror: mirror half of the training images at random; None: unless they are of characters.
        min_crop_area: the least share of an image's area that a random crop takes; of images that
            stay on disk.
        color_jitter: how far brightness, contrast and saturation change at random, 0 to 1; the
            hue turns by half of it; of images that stay on disk.
        image_storage: where a run keeps images: in "memory", or on "disk", from where they are
            read step by step; None for what `data.image_storage` says.
        classes: how many of the classes are drawn at random; None for all.
        examples_per_class: the most training images of a class, drawn at random, those that are
            held out included; None for all.

    Raises:
        UserError: a value is not accepted, or "digits", which come with scikit-learn, are wanted
            in a `data_dir` or on disk.
    """

    dataset: str = "cifar10"
    data_dir: pathlib.Path | None = None
    image_size: Annotated[int | None, Range(8, 4096)] = None
    batch_size: Annotated[int, Range(1, 65536)] = 64
    validation_fraction: Annotated[float, Range(0, 1, below=True)] = 0.1
    skip_corrupt_images: bool = False
    mirror: bool | None = None
    min_crop_area: Annotated[float, Range(0.01, 1)] = 0.08
    color_jitter: Annotated[float, Range(0, 1)] = 0.4
    image_storage: Annotated[str | None, OneOf(IMAGE_STORAGES)] = None
    classes: Annotated[int | None, Range(2, 1_000_000)] = None
    examples_per_class: Annotated[int | None, Range(1, 1_000_000_000)] = None

    def __post_init__(self) -> None:
        """Check every field, and that they go together."""
        super().__post_init__()
        if self.dataset == "digits" and self.data_dir is not None:
            raise UserError(
                f"{format_setting('data_dir', self.data_dir)}: given with `dataset`=digits, which "
                "come with scikit-learn, accepted: no `data_dir`"
            )
        if self.dataset == "digits" and self.image_storage == DISK:
            raise UserError(
                "`image_storage`=disk: given with `dataset`=digits, whose images are in memory, "
                "accepted: memory"
            )
