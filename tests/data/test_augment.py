import numpy as np
import pytest
import tensorflow as tf

from snas_tf.data.augment import crop_and_flip


def candidates(image, padding):
    """Every (row offset, column offset, mirrored) and the crop it gives."""
    height, width, _ = image.shape
    canvas = np.zeros((height + 2 * padding[0], width + 2 * padding[1], 3), np.uint8)
    canvas[padding[0] : padding[0] + height, padding[1] : padding[1] + width] = image
    for row in range(2 * padding[0] + 1):
        for column in range(2 * padding[1] + 1):
            crop = canvas[row : row + height, column : column + width]
            yield (row, column, False), crop
            yield (row, column, True), crop[:, ::-1]


def changes(images, augmented, padding):
    """Which change each image went through, found by trying all of them."""
    found = []
    for image, result in zip(images, augmented, strict=True):
        matches = [key for key, crop in candidates(image, padding) if (crop == result).all()]
        assert len(matches) == 1
        found += matches
    return np.array(found)


def augment(images, seed=(1, 2), mirror=True):
    return crop_and_flip(tf.constant(images), tf.constant(seed, tf.int64), mirror).numpy()


def noise(*shape):
    return np.random.default_rng(0).integers(1, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "padding"),
    [((32, 32), (4, 4)), ((8, 8), (1, 1)), ((16, 24), (2, 3)), ((3, 3), (1, 1))],
)
def test_each_image_is_a_crop_of_itself_padded_in_proportion(size, padding):
    images = noise(32, *size, 3)
    augmented = augment(images)
    assert augmented.dtype == np.uint8
    found = changes(images, augmented, padding)
    assert len(np.unique(found, axis=0)) > 5


def test_every_offset_is_drawn_equally_often_and_half_are_mirrored():
    images = np.repeat(noise(1, 8, 8, 3), 3600, axis=0)
    found = changes(images, augment(images), (1, 1))
    _, counts = np.unique(found, axis=0, return_counts=True)
    assert len(counts) == 3 * 3 * 2
    assert ((counts - 200) ** 2 / 200).sum() < 45  # Chi square, 17 degrees: p = 0.0002.
    assert abs(found[:, 2].mean() - 0.5) < 0.04


def test_nothing_is_mirrored_where_that_would_change_the_class():
    images = noise(128, 8, 8, 3)
    assert not changes(images, augment(images, mirror=False), (1, 1))[:, 2].any()


def test_the_seed_decides():
    images = noise(16, 8, 8, 3)
    np.testing.assert_array_equal(augment(images), augment(images))
    assert (augment(images) != augment(images, seed=(1, 3))).any()


def test_one_trace_gives_the_eager_result_and_a_static_shape():
    images = noise(16, 8, 8, 3)
    seed = tf.constant([1, 2], tf.int64)
    traced = tf.function(lambda batch: crop_and_flip(batch, seed, True))
    np.testing.assert_array_equal(traced(tf.constant(images)), augment(images))
    assert traced.get_concrete_function(tf.constant(images)).output_shapes == (16, 8, 8, 3)
