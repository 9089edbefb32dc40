"""Data sets of a few random images, and what tests do with them."""

import pathlib

import numpy as np
import PIL.Image
import tensorflow_datasets as tfds

from snas_tf.config import DataConfig
from snas_tf.data import memory_collection

RNG = np.random.default_rng(0)


def load(config, seed=0, with_test=False):
    return memory_collection.read(config, with_test).split(seed)


def noise(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def both(dataset):
    return (
        np.concatenate([dataset.train.images, dataset.validation.images]),
        np.concatenate([dataset.train.labels, dataset.validation.labels]),
    )


def rows(images):
    return sorted(image.tobytes() for image in images)


def save(path: pathlib.Path, pixels, mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels, mode if mode == "CMYK" else None).save(path, **options)


def same(first, other):
    return (first.images == other.images).all() and (first.labels == other.labels).all()


def laid_on_white(color, alpha):
    opacity = alpha / 255
    return np.floor(color * opacity + 255 * (1 - opacity) + 0.5).astype(np.uint8)


def replace(config, **values):
    return DataConfig(**{**vars(config), **values})


def prepare(data_dir, name, channels=3, splits=("train", "test"), label=None, withheld=()):
    """Write a TFDS copy; return the 12 images of each split."""
    images = {split: noise(12, 10, 10, channels) for split in splits}
    examples = {
        split: [
            (i, {"image": image, "label": -1 if split in withheld else i % 3})
            for i, image in enumerate(images[split])
        ]
        for split in splits
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        data_dir=data_dir,
        split_datasets=examples,
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(10, 10, channels), encoding_format="png"),
                "label": label or tfds.features.ClassLabel(names=["p", "q", "r"]),
            }
        ),
    )
    return images
