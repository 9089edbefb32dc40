import json

import numpy as np
import pytest

from snas_tf.config import DataConfig
from snas_tf.data.arrays import from_arrays
from snas_tf.errors import UserError

CONFIG = DataConfig("arrays", batch_size=4)


def noise(count, size=10, channels=3, seed=0):
    shape = (count, size, size, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def labeled(count, channels=3, seed=0):
    return noise(count, channels=channels, seed=seed), np.arange(count) % 3


def rows(images):
    return sorted(image.tobytes() for image in images)


def test_some_training_images_are_held_out():
    images, labels = labeled(30)
    dataset = from_arrays(CONFIG, (images, labels)).split(seed=0)
    parts = dataset.train, dataset.validation
    assert [len(part) for part in parts] == [27, 3]
    assert rows(np.concatenate([part.images for part in parts])) == rows(images)
    label_by_image = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for part in parts:
        assert [label_by_image[image.tobytes()] for image in part.images] == part.labels.tolist()
        assert part.labels.dtype == np.int64
    assert dataset.class_names == ("0", "1", "2")
    assert dataset.test is None


def test_parts_that_are_given_are_taken_as_they_are():
    train, validation, test = (labeled(count, seed=count) for count in (30, 9, 12))
    collection = from_arrays(CONFIG, train, validation, test, with_test=True)
    dataset = collection.split(seed=0)
    for part, (images, labels) in (
        (dataset.train, train),
        (dataset.validation, validation),
        (dataset.test, test),
    ):
        np.testing.assert_array_equal(part.images, images)
        np.testing.assert_array_equal(part.labels, labels)
    assert collection.summary().startswith("images    30 train, 9 validation, 12 test\n")


def test_a_search_is_given_no_test_images():
    assert from_arrays(CONFIG, labeled(30), test=labeled(9)).split(0).test is None


def test_gray_images_get_three_equal_channels():
    images, labels = labeled(30, channels=1)
    dataset = from_arrays(CONFIG, (images, labels), (images, labels)).split(0)
    np.testing.assert_array_equal(dataset.train.images, np.repeat(images, 3, axis=-1))


def test_images_are_resized():
    dataset = from_arrays(DataConfig("x", image_size=20, batch_size=4), labeled(30)).split(0)
    assert dataset.image_size == (20, 20)


def test_lists_and_other_integers_are_accepted():
    images, labels = labeled(30)
    for given in (labels.tolist(), labels.astype(np.uint8), labels.astype(">i2")):
        dataset = from_arrays(CONFIG, (images, given), (images, given)).split(0)
        assert dataset.train.labels.tolist() == labels.tolist()


def test_classes_may_be_named():
    dataset = from_arrays(CONFIG, labeled(30), class_names=["cat", "dog", "emu", "fox"]).split(0)
    assert dataset.class_names == ("cat", "dog", "emu", "fox")


def test_a_later_change_of_the_array_changes_nothing():
    images, labels = labeled(30)
    collection = from_arrays(CONFIG, (images, labels))
    before = rows(collection.split(0).train.images)
    images[:] = 0
    assert rows(collection.split(0).train.images) == before


def test_the_fingerprint_is_of_the_content():
    images, labels = labeled(30)
    before = from_arrays(CONFIG, (images, labels)).fingerprint
    assert json.loads(json.dumps(before)) == before
    assert from_arrays(CONFIG, (images.copy(), labels.tolist())).fingerprint == before
    brighter, swapped = images.copy(), labels.copy()
    brighter[0, 0, 0, 0] ^= 1
    swapped[:2] = swapped[1::-1]
    for other in ((brighter, labels), (images, swapped)):
        assert from_arrays(CONFIG, other).fingerprint != before
    named = from_arrays(CONFIG, (images, labels), class_names=["a", "b", "c"])
    assert named.fingerprint != before


GOOD = labeled(30)


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ((GOOD[0] / 255, GOOD[1]), r"float64 .*`numpy.rint\(255 \* images\).astype"),
        ((GOOD[0].astype(np.float32), GOOD[1]), r"float32 .*`numpy.rint\(images\).astype"),
        ((GOOD[0].astype(np.int64), GOOD[1]), r"int64 .*accepted: uint8 \["),
        ((GOOD[0][..., 0], GOOD[1]), r"uint8 \[30, 10, 10\], accepted"),
        ((GOOD[0][..., :2], GOOD[1]), r"\[30, 10, 10, 2\], accepted: .*1 or 3 channels"),
        ((GOOD[0][:0], GOOD[1][:0]), "accepted: at least one image"),
        ((noise(30, size=7), GOOD[1]), "accepted: 8 x 8 pixels or more"),
        ((GOOD[0], GOOD[1][:29]), r"int64 \[29\], accepted: integers \[30\]"),
        ((GOOD[0], GOOD[1][:, np.newaxis]), r"int64 \[30, 1\], accepted"),
        ((GOOD[0], GOOD[1].astype(float)), r"float64 \[30\], accepted"),
        ((GOOD[0], GOOD[1] - 1), "-1 of image 0, accepted: 0 to 1"),
        ((GOOD[0], 10**12 * GOOD[1]), "2000000000000, accepted: less than"),
        ((GOOD[0], np.full(30, 1)), "all are 1, accepted: images of two classes"),
    ],
)
def test_what_is_no_training_data_is_refused_in_one_line(train, message):
    with pytest.raises(UserError, match=f"^`(images|labels)`: (.*){message}") as raised:
        from_arrays(CONFIG, train)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation": (GOOD[0], GOOD[1] + 1)}, r"`validation_data\[1\]`: 3 of image 2, .*0 to 2"),
        ({"validation": (GOOD[0] / 255, GOOD[1])}, r"`validation_data\[0\]`: float64"),
        ({"validation": (noise(30, size=11), GOOD[1])}, "10 x 10 and 11 x 11"),
        ({"class_names": ["a", "b"]}, "`labels`: 2 of image 2, accepted: 0 to 1"),
        ({"class_names": ["a", "b", "a"]}, "`class_names`: .*no two alike"),
        ({"class_names": "abc"}, "`class_names`: 'abc', accepted: a list"),
        ({"class_names": [1, 2, 3]}, "`class_names`: .*accepted: a list of texts"),
    ],
)
def test_what_does_not_go_with_the_training_images_is_refused(options, message):
    with pytest.raises(UserError, match=message):
        from_arrays(CONFIG, GOOD, **options)


def test_an_evaluation_may_train_on_every_image():
    config = DataConfig("x", batch_size=4, validation_fraction=0)
    assert from_arrays(config, GOOD, with_test=True).split(0).num_training == 30
    with pytest.raises(UserError, match="validation_fraction"):
        from_arrays(config, GOOD)
