import numpy as np
import pytest

from snas_tf.data import splits


def labels_of(*counts):
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(1).permutation(labels)


@pytest.mark.parametrize(
    ("counts", "fraction", "expected"),
    [
        ((5000, 5000), 0.1, (500, 500)),
        ((300, 100, 50), 0.1, (30, 10, 5)),
        ((14, 14, 14, 14, 14), 0.1, (2, 2, 1, 1, 1)),  # 7 of 70 in all.
        ((100, 100), 0.29, (29, 29)),
        ((1000, 2), 0.1, (100, 1)),
        ((1000, 2), 0.9, (900, 1)),
        ((3, 3), 0.0, (0, 0)),
    ],
)
def test_every_class_gives_its_share(counts, fraction, expected):
    assert tuple(splits.held_out_counts(np.array(counts), fraction)) == expected


@pytest.mark.parametrize("fraction", [1e-6, 0.1, 0.5, 0.999999])
def test_a_class_is_on_both_sides_unless_it_has_one_image(fraction):
    counts = np.array([2, 7, 1, 40, 0])
    held_out = splits.held_out_counts(counts, fraction)
    assert (held_out[[0, 1, 3]] >= 1).all()
    assert (held_out[[0, 1, 3]] < counts[[0, 1, 3]]).all()
    assert held_out[2] == held_out[4] == 0


def test_the_parts_are_disjoint_and_have_the_counts_of_each_class():
    labels, held_out = labels_of(30, 7, 1), np.array([6, 2, 0])
    train, validation = splits.split(labels, held_out, seed=5)
    assert sorted([*train, *validation]) == list(range(38))
    assert np.bincount(labels[validation], minlength=3).tolist() == [6, 2, 0]


def test_the_seed_decides_which_images_are_held_out():
    labels, held_out = labels_of(30, 7), np.array([6, 2])
    first, again, other = (tuple(splits.split(labels, held_out, seed)[1]) for seed in (3, 3, 4))
    assert first == again
    assert set(first) != set(other)


def test_every_image_is_held_out_as_often_as_the_others():
    labels, counts = labels_of(12, 4), np.zeros(16)
    for seed in range(400):
        counts[splits.split(labels, np.array([3, 1]), seed)[1]] += 1
    assert np.abs(counts - 100).max() < 4 * np.sqrt(400 * 0.25 * 0.75)
