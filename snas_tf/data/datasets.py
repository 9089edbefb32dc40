"""A data set in memory, split into training, validation and test images."""

import dataclasses

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.data import folder, prepared
from snas_tf.data.images import Images, require_same_size, stack
from snas_tf.errors import UserError

MINIMUM_IMAGE_SIZE = 8
"""Two reductions leave 2 x 2 of it."""

_CHUNK = 1024
_DIGITS_TO_LEARN_FROM = 1500
"""Of 1,797 that come without a split; the others, last in their order, are test images."""


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """The images a network learns from, and those held out.

    Attributes:
        name: the value of `--dataset`.
        train: the images to learn from.
        validation: the images held out of `train`.
        class_names: the name of each class, in the order of the labels.
        mirror: whether a mirrored image keeps its class.
        test: images apart from both; None where they were not asked for or there are none.
    """

    name: str
    train: Images
    validation: Images
    class_names: tuple[str, ...]
    mirror: bool
    test: Images | None = None

    @property
    def num_classes(self) -> int:
        """The number of classes."""
        return len(self.class_names)

    @property
    def image_size(self) -> tuple[int, int]:
        """(height, width) of every image, in pixels."""
        return self.train.images.shape[1:3]

    def channel_statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the training pixels, each float32 [channels = 3].

        Both are on the scale of the pixels, 0 to 255. The deviation is at least one step of it,
        so a constant channel can be divided by it.
        """
        counts = np.zeros((3, 256), np.int64)
        for start in range(0, len(self.train), _CHUNK):  # Counting all at once takes 8x the memory.
            chunk = self.train.images[start : start + _CHUNK].reshape(-1, 3)
            counts += [np.bincount(channel, minlength=256) for channel in chunk.T]
        values, weights = np.arange(256), counts / counts.sum(axis=1, keepdims=True)
        mean = weights @ values
        variance = (weights * (values - mean[:, np.newaxis]) ** 2).sum(axis=1)
        deviation = np.maximum(np.sqrt(variance), 1.0)
        return mean.astype(np.float32), deviation.astype(np.float32)


def load(config: DataConfig, seed: int, with_test: bool = False) -> Dataset:
    """Reads a data set's training images and holds some of them out, the same ones for a seed.

    Args:
        config: which images.
        seed: at least 0; it decides which images are held out.
        with_test: to evaluate a cell, not to search one: the test images are read too, which they
            never are without it, and a `validation_fraction` of 0 holds no image out.

    Raises:
        UserError: a value of `config` is not accepted, or the images can't be had.
    """
    _check(config, with_test)
    images, test, class_names = _READERS.get(config.dataset, prepared.read)(config, with_test)
    if test is not None:
        require_same_size(images.images, test.images)
    train, validation = _split(images, config.validation_fraction, seed)
    if config.batch_size > len(train):
        raise UserError(
            f"--batch_size={config.batch_size}: more than the {len(train)} training images; "
            f"accepted: 1 to {len(train)}"
        )
    mirror = keeps_class(config.dataset)
    return Dataset(config.dataset, train, validation, class_names, mirror, test)


def _check(config: DataConfig, with_test: bool) -> None:
    if config.image_size is not None and config.image_size < MINIMUM_IMAGE_SIZE:
        raise UserError(
            f"--image_size={config.image_size}: too small; accepted: {MINIMUM_IMAGE_SIZE} or more"
        )
    fraction = config.validation_fraction
    if not (0 < fraction < 1 or (with_test and fraction == 0)):
        lowest = "0 or more" if with_test else "more than 0"
        raise UserError(
            f"--validation_fraction={fraction}: not a share; accepted: {lowest}, less than 1"
        )
    if config.batch_size < 1:
        raise UserError(f"--batch_size={config.batch_size}: too small; accepted: 1 or more")


def _read_digits(
    config: DataConfig, with_test: bool
) -> tuple[Images, Images | None, tuple[str, ...]]:
    """Handwritten digits that come with scikit-learn: 8 x 8 pixels of 17 grey levels."""
    import sklearn.datasets  # Here, as it takes long to import.

    digits = sklearn.datasets.load_digits()
    grey = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    images = stack([(grey, digits.target)], config.image_size)
    train, test = np.split(np.arange(len(images)), [_DIGITS_TO_LEARN_FROM])
    class_names = tuple(str(name) for name in digits.target_names)
    return images.take(train), images.take(test) if with_test else None, class_names


_READERS = {"digits": _read_digits, "folder": folder.read}


def _split(images: Images, validation_fraction: float, seed: int) -> tuple[Images, Images]:
    """Training and validation images, at least 1 each; all are for training at a fraction of 0."""
    least = 0 if validation_fraction == 0 else 1
    count = min(max(round(validation_fraction * len(images)), least), len(images) - 1)
    order = np.random.default_rng(seed).permutation(len(images))
    return images.take(order[count:]), images.take(order[:count])


def keeps_class(name: str) -> bool:
    """Whether a mirrored image keeps its class: not where the images are of characters."""
    return name != "digits" and "mnist" not in name and "svhn" not in name
