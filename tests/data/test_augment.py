import numpy as np
import pytest
import tensorflow as tf

from snas_tf.data.augment import crop_and_flip, cutout


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


FILL = np.array([0, 7, 255], np.uint8)


def cut(images, length, seed=(1, 2)):
    return cutout(
        tf.constant(images), tf.constant(seed, tf.int64), length, tf.constant(FILL)
    ).numpy()


def squares(image, length):
    """Every center, and the image with the square around it covered pixel by pixel."""
    height, width, _ = image.shape
    for y in range(height):
        for x in range(width):
            covered = image.copy()
            for row in range(max(0, y - length // 2), min(height, y + length // 2)):
                for column in range(max(0, x - length // 2), min(width, x + length // 2)):
                    covered[row, column] = FILL
            yield (y, x), covered


def centers(images, covered, length):
    """The center of each image's square, found by trying all of them."""
    found = []
    for image, result in zip(images, covered, strict=True):
        matches = [key for key, square in squares(image, length) if (square == result).all()]
        assert len(matches) == 1
        found += matches
    return np.array(found)


@pytest.mark.parametrize(
    ("size", "length"), [((8, 8), 2), ((8, 8), 4), ((9, 6), 5), ((6, 12), 6), ((16, 16), 8)]
)
def test_a_square_around_a_pixel_is_covered_and_clipped_at_the_border(size, length):
    images = noise(32, *size, 3)
    covered = cut(images, length)
    assert covered.dtype == np.uint8
    found = centers(images, covered, length)
    assert len(np.unique(found, axis=0)) > 15


def test_every_pixel_is_the_center_equally_often():
    images = np.repeat(noise(1, 4, 5, 3), 4000, axis=0)
    _, counts = np.unique(centers(images, cut(images, 2), 2), axis=0, return_counts=True)
    assert len(counts) == 4 * 5
    assert ((counts - 200) ** 2 / 200).sum() < 48  # Chi square, 19 degrees: p = 0.0002.


def test_a_cutout_of_length_0_changes_nothing():
    images = noise(16, 8, 8, 3)
    np.testing.assert_array_equal(cut(images, 0), images)


def test_a_cutout_larger_than_twice_the_image_covers_all_of_it():
    assert (cut(noise(16, 8, 8, 3), 16) == FILL).all()


def test_the_seed_decides_where_the_cutout_is():
    images = noise(16, 8, 8, 3)
    np.testing.assert_array_equal(cut(images, 4), cut(images, 4))
    assert (cut(images, 4) != cut(images, 4, seed=(1, 3))).any()


def test_one_trace_of_a_cutout_gives_the_eager_result_and_a_static_shape():
    images = noise(16, 8, 8, 3)
    seed = tf.constant([1, 2], tf.int64)
    traced = tf.function(lambda batch: cutout(batch, seed, 4, tf.constant(FILL)))
    np.testing.assert_array_equal(traced(tf.constant(images)), cut(images, 4))
    assert traced.get_concrete_function(tf.constant(images)).output_shapes == (16, 8, 8, 3)
