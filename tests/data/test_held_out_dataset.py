import numpy as np
import pytest

from snas_tf.data.batches import HELD_OUT, TEST, VALIDATION, BatchConfig
from snas_tf.data.held_out_dataset import HeldOutDataset
from snas_tf.data.images import Images
from snas_tf.data.memory_dataset import MemoryDataset
from snas_tf.errors import UserError

BATCH = 4
CLASSES = 5


def numbered(first, count):
    """Images that tell their own number, which no crop loses, in classes by turns."""
    numbers = np.arange(first, first + count, dtype=np.uint8)
    pixels = np.broadcast_to(numbers[:, None, None, None], (count, 8, 8, 3))
    return Images(np.array(pixels), np.arange(count) % CLASSES)


TRAIN, VALID, TESTED = numbered(1, 60), numbered(101, 10), numbered(201, 10)
WHOLE = MemoryDataset("x", TRAIN, VALID, tuple("abcde"), False, TESTED)


def divide(fraction=0.4, seed=0, batch_size=BATCH):
    return HeldOutDataset.divide(WHOLE, fraction, seed, batch_size)


def numbers(images):
    return [int(image[4, 4, 0]) for image in images]


def batches(dataset, first_step=0, num_steps=12, seed=0):
    found = dataset.training_batches(BatchConfig(BATCH, seed), first_step, num_steps)
    return list(found.as_numpy_iterator())


def seen(found):
    """The numbers of theta's images and of those held out, in the order of the steps."""
    return (
        [one for batch in found for one in numbers(batch["image"])],
        [one for batch in found for one in numbers(batch[HELD_OUT]["image"])],
    )


def evaluated(dataset, part):
    found = dataset.evaluation_batches(part, BATCH)
    return [
        number
        for batch in found.as_numpy_iterator()
        for number, weight in zip(numbers(batch["image"]), batch["weight"], strict=True)
        if weight
    ]


def test_the_parts_are_disjoint_together_all_and_have_their_share_of_every_class():
    divided = divide()
    parts = [divided.theta.train, divided.held_out.train]
    learned, held_out = ([*map(int, part.images[:, 0, 0, 0])] for part in parts)
    assert not set(learned) & set(held_out)
    assert sorted(learned + held_out) == numbers(TRAIN.images)
    counts = [np.bincount(part.labels) for part in parts]
    assert [sum(of_class) for of_class in counts] == [36, 24]
    assert set(counts[1]) <= {4, 5}  # of 12


def test_a_step_has_a_batch_of_each_part_and_validation_images_are_in_neither():
    divided = divide()
    learned, held_out = seen(batches(divided))
    assert set(learned) <= {*map(int, divided.theta.train.images[:, 0, 0, 0])}
    assert set(held_out) <= {*map(int, divided.held_out.train.images[:, 0, 0, 0])}
    assert not (set(learned) | set(held_out)) & set(numbers(VALID.images) + numbers(TESTED.images))
    assert sorted(evaluated(divided, VALIDATION)) == numbers(VALID.images)
    assert sorted(evaluated(divided, TEST)) == numbers(TESTED.images)
    everything = {*map(int, divided.held_out.train.images[:, 0, 0, 0])}
    assert set(evaluated(divided, HELD_OUT)) == everything
    assert len(evaluated(divided, HELD_OUT)) == len(everything) == divided.held_out.num_training


def test_labels_are_those_of_the_images():
    for batch in batches(divide(), num_steps=3):
        for part in (batch, batch[HELD_OUT]):
            expected = [(number - 1) % CLASSES for number in numbers(part["image"])]
            assert part["label"].tolist() == expected


def test_an_epoch_is_one_pass_over_thetas_part_however_small_the_other():
    divided = divide(fraction=0.2)
    assert divided.steps_per_epoch(BATCH) == 48 // BATCH
    learned, held_out = seen(batches(divided))
    assert len(set(learned)) == len(learned) == 48
    assert sorted(held_out) == sorted(4 * [*map(int, divided.held_out.train.images[:, 0, 0, 0])])


@pytest.mark.parametrize("first_step", [1, 6, 9, 11])
def test_a_resumed_run_takes_the_tail_of_the_batches(first_step):
    whole, tail = batches(divide()), batches(divide(), first_step, 12 - first_step)
    assert len(tail) == 12 - first_step
    for one, other in zip(whole[first_step:], tail, strict=True):
        for part, same in ((one, other), (one[HELD_OUT], other[HELD_OUT])):
            for name in ("image", "label", "index"):
                np.testing.assert_array_equal(part[name], same[name])


def test_a_seed_divides_and_orders_the_images_always_alike_and_another_otherwise():
    divisions = [divide(seed=seed).held_out.train.images.tobytes() for seed in (0, 0, 1)]
    assert divisions[0] == divisions[1] != divisions[2]
    orders = [seen(batches(divide(), seed=seed)) for seed in (0, 0, 1)]
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[2][0]
    assert orders[0][1] != orders[2][1]


def test_both_parts_are_in_orders_of_their_own():
    """Where the parts are equally large, their positions would be the same with one seed."""
    found = batches(divide(fraction=0.5), num_steps=7)
    index = [[batch["index"].tolist(), batch[HELD_OUT]["index"].tolist()] for batch in found]
    assert all(one != other for one, other in index)


def test_the_largest_seed_of_a_run_orders_as_well():
    learned, held_out = seen(batches(divide(), num_steps=2, seed=2**31 - 1))
    assert len(set(learned)) == len(set(held_out)) == 2 * BATCH


@pytest.mark.parametrize(("fraction", "sizes"), [(0.05, "55 and 5"), (0.9, "6 and 54")])
def test_a_part_that_is_smaller_than_a_batch_is_refused(fraction, sizes):
    message = (
        rf"^`architecture_fraction`={fraction}: divides 60 training images into {sizes}, "
        r"accepted: no part smaller than `batch_size`=8$"
    )
    with pytest.raises(UserError, match=message):
        divide(fraction, batch_size=8)


def test_the_summary_and_what_is_shared_are_those_of_thetas_part():
    divided = divide()
    count = divided.theta.num_training
    assert divided.num_training == count
    assert divided.summary() == (
        f"divided   {count} training images for the weights, {60 - count} for the architecture"
    )
    assert (divided.name, divided.image_size) == ("x", (8, 8))
    assert divided.class_names == tuple("abcde")
    expected = divided.theta.train.images.reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(divided.channel_statistics()[0], expected, rtol=1e-5)


def test_a_sample_is_of_the_images_that_theta_is_trained_on():
    divided = divide()
    learned = set(numbers(divided.theta.train.images))
    assert set(numbers(divided.training_sample(1000))) == learned
    assert len(learned) == 36
