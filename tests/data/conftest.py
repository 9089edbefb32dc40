"""Folders of images that several tests read."""

import pytest

from snas_tf.config import DataConfig
from tests.data.tiny_data_sets import noise, save


@pytest.fixture
def folder(tmp_path):
    """Two classes of three 10 x 12 images each; (config, pixels of class "a", of class "b")."""
    pixels = noise(2, 3, 10, 12, 3)
    for name, images in zip("ab", pixels, strict=True):
        for index, image in enumerate(images):
            save(tmp_path / name / f"{index}.png", image)
    config = DataConfig("folder", tmp_path, batch_size=1, validation_fraction=0.2)
    return config, *pixels


@pytest.fixture
def parts(tmp_path):
    """A folder of parts, two classes of three 10 x 12 images in each; (config, pixels by part)."""
    pixels = {part: noise(2, 3, 10, 12, 3) for part in ("train", "test", "val")}
    for part, classes in pixels.items():
        for name, images in zip("ab", classes, strict=True):
            for index, image in enumerate(images):
                save(tmp_path / part / name / f"{index}.png", image)
    config = DataConfig("folder", tmp_path, batch_size=1, validation_fraction=0.2)
    return config, pixels
