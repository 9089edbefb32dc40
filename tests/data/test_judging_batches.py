import dataclasses

import numpy as np
import pytest

from snas_tf.data import held_out_dataset
from snas_tf.data.batches import HELD_OUT
from snas_tf.data.held_out_dataset import HeldOutDataset
from snas_tf.data.images import Images
from snas_tf.data.memory_dataset import MemoryDataset


@pytest.fixture(scope="module")
def divided():
    """All of 3,000 images are of the class of their third, as in a folder of images."""
    pixels = np.zeros((3000, 8, 8, 3), np.uint8)
    pixels[:, 0, 0, :2] = np.stack(np.divmod(np.arange(3000), 256), axis=1)
    images = Images(pixels, np.arange(3000) // 1000)
    dataset = MemoryDataset("x", images, images, tuple("abc"), mirror=False)
    return HeldOutDataset.divide(dataset, fraction=0.5, seed=0, batch_size=64)


def labels_of(batches):
    return np.concatenate([batch["label"] for batch in batches.as_numpy_iterator()])


@pytest.mark.parametrize(("batch_size", "judged"), [(64, 960), (400, 800), (1200, 1200)])
def test_children_are_judged_on_the_first_images_held_out_in_whole_batches(
    divided, batch_size, judged
):
    assert held_out_dataset.JUDGED == 1000
    labels = labels_of(divided.judging_batches(batch_size))
    np.testing.assert_array_equal(labels, divided.held_out.train.labels[:judged])
    np.testing.assert_array_equal(labels, labels_of(divided.judging_batches(batch_size)))
    assert (np.bincount(labels) > judged / 4).all()  # They are of all classes.


def test_children_are_judged_on_all_images_held_out_where_these_are_few(divided):
    few = dataclasses.replace(divided.held_out, train=divided.held_out.train.take(np.arange(130)))
    batches = list(HeldOutDataset(divided.theta, few).judging_batches(64).as_numpy_iterator())
    assert sum(batch["weight"].sum() for batch in batches) == 130


def test_no_image_is_judged_on_that_theta_is_trained_on(divided):
    def codes(images):
        return {tuple(image[0, 0]) for image in images}

    judging = divided.judging_batches(64).as_numpy_iterator()
    judged = set().union(*(codes(batch["image"]) for batch in judging))
    assert len(judged) == 960
    assert not judged & codes(divided.theta.train.images)
    assert judged <= codes(divided.held_out.train.images)
    whole = divided.evaluation_batches(HELD_OUT, 64)
    assert len(labels_of(whole)) >= 1500
