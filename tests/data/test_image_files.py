import pathlib

import numpy as np

from snas_tf.data.image_files import ImageFiles

ROOT = pathlib.Path("/images")


def make():
    named = [("b", 0, ["0.jpg", "ä.jpg"]), ("none", 1, []), ("a", 2, ["long name.jpg", "1.jpg"])]
    return ImageFiles.from_names([(ROOT / name, label, names) for name, label, names in named])


PAIRS = [
    (ROOT / "b" / "0.jpg", 0),
    (ROOT / "b" / "ä.jpg", 0),
    (ROOT / "a" / "long name.jpg", 2),
    (ROOT / "a" / "1.jpg", 2),
]


def test_files_are_pairs_of_a_path_and_a_label():
    files = make()
    assert list(files) == PAIRS
    assert len(files) == 4
    assert files.labels.tolist() == [0, 0, 2, 2]
    assert files.labels.dtype == np.int64


def test_files_are_taken_by_position_and_labeled_anew():
    files = make().take(np.array([3, 1])).relabel(np.array([7, 8, 9]))
    assert list(files) == [(PAIRS[3][0], 9), (PAIRS[1][0], 7)]
    assert files.labels.tolist() == [9, 7]


def test_files_are_ordered_as_their_paths_are():
    assert list(make().ordered()) == sorted(PAIRS)


def test_a_file_takes_four_bytes_and_those_of_the_longest_name():
    names = [f"n01440764_{number:05}.JPEG" for number in range(1000)]
    files = ImageFiles.from_names([(ROOT / "a", 0, names)])
    assert files.places.nbytes + files.names.nbytes == 1000 * (4 + len(names[0]))
