import hashlib

import numpy as np
import pytest

from snas_tf.config import DataConfig
from snas_tf.data import proxy
from snas_tf.data.collection import Contents
from snas_tf.data.images import Images
from snas_tf.errors import UserError

CLASSES = tuple("abcdefgh")
LABELS = np.arange(160) % 8


def numbered(labels):
    """Images that tell their own number."""
    numbers = np.arange(len(labels), dtype=np.uint8)
    return Images(np.broadcast_to(numbers[:, None, None, None], (len(labels), 1, 1, 3)), labels)


def contents():
    parts = {"train": numbered(LABELS), "test": numbered(LABELS[:24])}
    return Contents(parts, CLASSES, {"train": "x", "test": "y"}, ("a remark",))


def apply(seed=0, **settings):
    return proxy.apply(contents(), DataConfig(**settings), seed)


def test_without_a_draw_the_images_are_as_they_were():
    whole = contents()
    assert proxy.apply(whole, DataConfig(), 3) is whole


def test_classes_and_images_of_each_are_drawn_and_labeled_anew():
    drawn = apply(classes=3, examples_per_class=5)
    assert len(drawn.class_names) == 3
    assert list(drawn.class_names) == sorted(drawn.class_names)
    train = drawn.parts["train"]
    assert np.bincount(train.labels).tolist() == [5, 5, 5]
    numbers = train.images[:, 0, 0, 0]
    assert (np.diff(numbers.astype(int)) > 0).all()
    names = [CLASSES[LABELS[number]] for number in numbers]
    assert names == [drawn.class_names[label] for label in train.labels]


def test_of_images_that_are_not_trained_on_all_of_the_classes_are_taken():
    drawn = apply(classes=3, examples_per_class=1)
    tested = drawn.parts["test"]
    assert np.bincount(tested.labels).tolist() == [3, 3, 3]
    names = [CLASSES[LABELS[number]] for number in tested.images[:, 0, 0, 0]]
    assert names == [drawn.class_names[label] for label in tested.labels]


def test_a_seed_draws_always_alike_and_another_otherwise():
    notes = [apply(seed, classes=3, examples_per_class=5).notes["proxy"] for seed in (0, 0, 1)]
    assert notes[0] == notes[1]
    assert notes[0]["positions"] != notes[2]["positions"]
    names = {apply(seed, classes=3).class_names for seed in range(5)}
    assert len(names) > 1


def test_the_draw_is_recorded_and_said():
    drawn = apply(seed=7, classes=3, examples_per_class=5)
    positions = drawn.parts["train"].images[:, 0, 0, 0].astype("<i8")
    assert drawn.notes["proxy"] == {
        "seed": 7,
        "positions": hashlib.sha256(positions.tobytes()).hexdigest(),
        "of_images": 160,
        "of_classes": 8,
    }
    assert drawn.remarks == (
        "a remark",
        "drawn with seed 7: 3 of 8 classes, at most 5 images of each; 15 of 160 training images",
    )


def test_a_class_that_has_fewer_images_gives_all():
    labels = np.array([0] * 9 + [1] * 2)
    _, positions = proxy.draw(labels, None, 4, seed=0)
    assert np.bincount(labels[positions]).tolist() == [4, 2]


def test_more_classes_than_have_images_are_refused():
    with pytest.raises(UserError, match=r"^`classes`=9: more than have images, accepted: 2 to 8$"):
        apply(classes=9)
