import itertools

import numpy as np
import pytest

from snas_tf.data.batches import VALIDATION, BatchConfig
from snas_tf.data.images import Images
from snas_tf.data.memory_dataset import MemoryDataset

RNG = np.random.default_rng(0)
CONFIG = BatchConfig(batch_size=8)


def images(count):
    """Images that tell their own index: their middle, which no crop loses, is all of it."""
    pixels = np.broadcast_to(
        np.arange(1, count + 1, dtype=np.uint8)[:, None, None, None], (count, 8, 8, 3)
    )
    return Images(np.array(pixels), np.arange(count) % 5)


def dataset(count=43, mirror=True):
    return MemoryDataset("x", images(count), images(3), tuple("abcde"), mirror)


def evaluated(images):
    """A data set whose validation images are these."""
    return MemoryDataset("x", images, images, tuple("abcde"), False)


def batches(count=43, seed=0, first_step=0, num_steps=10, mirror=True, cutout_length=0):
    config = BatchConfig(8, seed, cutout_length)
    found = dataset(count, mirror).training_batches(config, first_step, num_steps)
    return list(found.as_numpy_iterator())


def equal(first, other):
    return len(first) == len(other) and all(
        a.keys() == b.keys() and all((a[key] == b[key]).all() for key in a)
        for a, b in zip(first, other, strict=True)
    )


@pytest.mark.parametrize("first_step", [0, 1, 4, 5, 7, 9])
def test_a_resumed_training_takes_the_tail_of_the_uninterrupted_one(first_step):
    resumed = batches(first_step=first_step, num_steps=10 - first_step)
    assert equal(resumed, batches()[first_step:])


def test_steps_far_into_a_run_are_addressed_as_well():
    assert equal(
        batches(first_step=100_000, num_steps=3), batches(first_step=99_998, num_steps=5)[2:]
    )


@pytest.mark.parametrize(
    ("first_step", "num_steps"), [(0, 0), (3, 0), (5, 1), (0, 5), (4, 2), (2, 17)]
)
def test_there_are_exactly_as_many_batches_as_asked_for(first_step, num_steps):
    assert len(batches(first_step=first_step, num_steps=num_steps)) == num_steps


def test_a_batch_holds_the_images_and_labels_of_its_index():
    for batch in batches():
        np.testing.assert_array_equal(batch["image"][:, 4, 4, 0], batch["index"] + 1)
        np.testing.assert_array_equal(batch["label"], batch["index"] % 5)
        assert batch["image"].dtype == np.uint8
        assert batch["label"].dtype == batch["index"].dtype == np.int64


def test_no_image_comes_twice_in_an_epoch_and_the_incomplete_batch_is_dropped():
    assert dataset(43).steps_per_epoch(8) == 5
    for start in (0, 5):
        index = np.concatenate([batch["index"] for batch in batches()[start : start + 5]])
        assert len(set(index)) == 40
        assert set(index) <= set(range(43))


def test_an_epoch_of_full_batches_is_a_permutation():
    index = np.concatenate([batch["index"] for batch in batches(count=40, num_steps=5)])
    assert sorted(index) == list(range(40))
    assert (index != np.arange(40)).any()


def test_epochs_and_seeds_differ_in_order_and_in_augmentation():
    first, second = batches()[:5], batches()[5:]
    other = batches(seed=1, num_steps=5)
    for batch in (second, other):
        assert not equal(first, batch)
        assert any((a["index"] != b["index"]).any() for a, b in zip(first, batch, strict=True))


def test_orders_of_neighboring_epochs_are_unrelated_at_the_size_of_cifar():
    """The shuffle must be good at this size too: some are not, only there."""
    count, config = 45_000, BatchConfig(batch_size=45_000)
    tiny = Images(np.zeros((count, 1, 1, 3), np.uint8), np.zeros(count, np.int64))
    found = MemoryDataset("x", tiny, tiny, ("a",), False).training_batches(config, 0, 4)
    orders = [batch["index"] for batch in found.as_numpy_iterator()]
    ranks = [np.argsort(order) for order in orders]
    for first, second in itertools.pairwise(ranks):
        assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(count)
    for order in orders:
        assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 5 / np.sqrt(count)


def test_images_are_mirrored_only_where_that_keeps_their_class():
    ramp = np.broadcast_to(np.arange(1, 9, dtype=np.uint8)[:, None] * 20, (64, 8, 8, 3))
    data = Images(np.array(ramp), np.zeros(64, np.int64))

    def mirrored(mirror):
        found = MemoryDataset("x", data, data, ("a",), mirror).training_batches(CONFIG, 0, 8)
        image = np.concatenate([batch["image"] for batch in found.as_numpy_iterator()])
        middle = image[:, 4, 3:5, 0].astype(int)
        return middle[:, 0] > middle[:, 1]

    assert not mirrored(mirror=False).any()
    assert 16 < mirrored(mirror=True).sum() < 48


def test_a_cutout_covers_a_square_with_the_mean_color_and_leaves_the_rest_as_it_was():
    pixels = np.random.default_rng(1).integers(1, 100, (43, 8, 8, 3), np.uint8)
    pixels += np.array([0, 50, 150], np.uint8)
    data = MemoryDataset("x", Images(pixels, np.arange(43)), images(3), ("a",), True)
    mean = np.floor(pixels.reshape(-1, 3).mean(axis=0) + 0.5)
    plain, covered = (
        list(data.training_batches(BatchConfig(8, 0, length), 0, 10).as_numpy_iterator())
        for length in (0, 4)
    )
    sizes = set()
    for before, after in zip(plain, covered, strict=True):
        np.testing.assert_array_equal(before["index"], after["index"])
        for image, other in zip(before["image"], after["image"], strict=True):
            changed = (image != other).any(axis=-1)
            height, width = changed.any(axis=1).sum(), changed.any(axis=0).sum()
            assert changed.sum() == height * width
            assert (other[changed] == mean).all()
            sizes.add((height, width))
    assert (4, 4) in sizes
    assert max(sizes) == (4, 4)
    assert len(sizes) > 1


def test_a_training_with_cutout_resumes_as_well():
    resumed = batches(first_step=7, num_steps=3, cutout_length=4)
    assert equal(resumed, batches(cutout_length=4)[7:])


@pytest.mark.parametrize(("count", "sizes"), [(19, [8, 8, 3]), (16, [8, 8]), (3, [3]), (8, [8])])
def test_evaluation_takes_every_example_once_and_pads_at_weight_0(count, sizes):
    data = Images(RNG.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8), np.arange(count) % 5)
    found = list(evaluated(data).evaluation_batches(VALIDATION, 8).as_numpy_iterator())
    assert [int(batch["weight"].sum()) for batch in found] == sizes
    joined = {key: np.concatenate([batch[key] for batch in found]) for key in found[0]}
    assert all(len(value) == 8 * len(sizes) for value in joined.values())
    weighed = joined["weight"] == 1
    assert set(joined["weight"][~weighed]) <= {0}
    assert joined["weight"].dtype == np.float32
    np.testing.assert_array_equal(joined["image"][weighed], data.images)
    np.testing.assert_array_equal(joined["label"][weighed], data.labels)
    np.testing.assert_array_equal(joined["index"][weighed], np.arange(count))


def test_shapes_are_static():
    training = dataset().training_batches(CONFIG, 0, 1)
    evaluation = evaluated(images(19)).evaluation_batches(VALIDATION, 8)
    for batches in (training, evaluation):
        shapes = {key: spec.shape.as_list() for key, spec in batches.element_spec.items()}
        assert shapes.pop("image") == [8, 8, 8, 3]
        assert all(shape == [8] for shape in shapes.values())


@pytest.mark.parametrize("count", [3, 2500])
def test_channel_statistics_are_those_of_all_training_pixels(count):
    images = RNG.integers(0, 256, (count, 5, 4, 3), dtype=np.uint8)
    images[..., 2] = 7
    empty = Images(images[:0], np.zeros(0, np.int64))
    train = Images(images, np.zeros(count, np.int64))
    mean, deviation = MemoryDataset("x", train, empty, ("a",), True).channel_statistics()
    pixels = images.reshape(-1, 3).astype(np.float64)
    np.testing.assert_allclose(mean, pixels.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(deviation[:2], pixels.std(axis=0)[:2], rtol=1e-6)
    assert deviation[2] == 1.0


@pytest.mark.parametrize(("count", "expected"), [(4, [1, 11, 22, 33]), (99, [*range(1, 44)])])
def test_a_sample_is_of_training_images_as_they_are_evenly_spaced(count, expected):
    sample = dataset(43).training_sample(count)
    assert sample.shape == (len(expected), 8, 8, 3)
    assert [int(image[0, 0, 0]) for image in sample] == expected
