"""A data set in memory, split into training and validation images."""

import dataclasses

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.data import folder, prepared
from snas_tf.data.images import Images, stack
from snas_tf.errors import UserError

MINIMUM_IMAGE_SIZE = 8
"""Two reductions leave 2 x 2 of it."""

_CHUNK = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """The images a network learns from, and those held out.

    Attributes:
        name: the value of `--dataset`.
        train: the images to learn from.
        validation: the images held out of `train`.
        class_names: the name of each class, in the order of the labels.
        mirror: whether a mirrored image keeps its class.
    """

    name: str
    train: Images
    validation: Images
    class_names: tuple[str, ...]
    mirror: bool

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


def load(config: DataConfig, seed: int) -> Dataset:
    """Reads a data set's training images and holds some of them out, the same ones for a seed.

    The test set is never read.

    Args:
        config: which images.
        seed: at least 0; it decides which images are held out.

    Raises:
        UserError: a value of `config` is not accepted, or the images can't be had.
    """
    _check(config)
    images, class_names = _READERS.get(config.dataset, prepared.read)(config)
    train, validation = _split(images, config.validation_fraction, seed)
    if config.batch_size > len(train):
        raise UserError(
            f"--batch_size={config.batch_size}: more than the {len(train)} training images; "
            f"accepted: 1 to {len(train)}"
        )
    return Dataset(config.dataset, train, validation, class_names, _keeps_class(config.dataset))


def _check(config: DataConfig) -> None:
    if config.image_size is not None and config.image_size < MINIMUM_IMAGE_SIZE:
        raise UserError(
            f"--image_size={config.image_size}: too small; accepted: {MINIMUM_IMAGE_SIZE} or more"
        )
    if not 0 < config.validation_fraction < 1:
        raise UserError(
            f"--validation_fraction={config.validation_fraction}: not a share; accepted: between "
            "0 and 1, exclusive"
        )
    if config.batch_size < 1:
        raise UserError(f"--batch_size={config.batch_size}: too small; accepted: 1 or more")


def _read_digits(config: DataConfig) -> tuple[Images, tuple[str, ...]]:
    """Handwritten digits that come with scikit-learn: 8 x 8 pixels of 17 grey levels."""
    import sklearn.datasets  # Here, as it takes long to import.

    digits = sklearn.datasets.load_digits()
    grey = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    images = stack([(grey, digits.target)], config.image_size)
    return images, tuple(str(name) for name in digits.target_names)


_READERS = {"digits": _read_digits, "folder": folder.read}


def _split(images: Images, validation_fraction: float, seed: int) -> tuple[Images, Images]:
    """Training and validation images, both at least 1 of the at least 2 there are."""
    count = min(max(round(validation_fraction * len(images)), 1), len(images) - 1)
    order = np.random.default_rng(seed).permutation(len(images))
    return images.take(order[count:]), images.take(order[:count])


def _keeps_class(name: str) -> bool:
    """Whether a mirrored image keeps its class: not where the images are of characters."""
    return name != "digits" and "mnist" not in name and "svhn" not in name
