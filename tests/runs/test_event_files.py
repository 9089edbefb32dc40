import os

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.files import whole_files
from snas_tf.runs import event_files
from tests.runs import events

NAMES = ["plain", "lr=[1,2]", "a [b]*?\\ é", "two\nlines"]


def write(directory, steps):
    """Write a scalar at each of the steps; return the file."""
    writer = tf.summary.create_file_writer(str(directory))
    for step in steps:
        with writer.as_default(step=step):
            tf.summary.scalar("loss", step / 2)
    writer.close()
    return events.files(directory)[-1]


@pytest.mark.parametrize("name", NAMES)
def test_events_after_a_step_are_dropped_and_the_others_keep_every_byte(tmp_path, name):
    directory = tmp_path / name
    path = write(directory, range(6))
    before = path.read_bytes()
    event_files.keep_until(directory, 3)
    assert events.points(directory) == [(step, "loss") for step in range(4)]
    assert before.startswith(path.read_bytes())
    assert os.listdir(directory) == [path.name]


def test_every_event_file_is_cut(tmp_path):
    for steps in ((0, 1, 2, 3), (3, 4), (2, 5)):
        write(tmp_path, steps)
    event_files.keep_until(tmp_path, 2)
    assert [step for step, _ in events.points(tmp_path)] == [0, 1, 2, 2]


def test_a_file_of_which_everything_is_kept_is_not_written(tmp_path):
    path = write(tmp_path, range(3))
    before = path.read_bytes(), path.stat().st_ino
    event_files.keep_until(tmp_path, 2)
    assert (path.read_bytes(), path.stat().st_ino) == before


def test_of_a_run_that_begins_again_nothing_is_kept(tmp_path):
    write(tmp_path, range(3))
    event_files.keep_until(tmp_path, -1)
    assert events.points(tmp_path) == []


@pytest.mark.parametrize("lost", [1, 4, 12, 20])
def test_a_last_record_that_breaks_off_is_dropped_and_the_others_stay(tmp_path, lost):
    path = write(tmp_path, range(4))
    whole = path.read_bytes()
    last = len(events.records(path)[-1])
    path.write_bytes(whole[:-lost])
    event_files.keep_until(tmp_path, 100)
    assert [step for step, _ in events.points(tmp_path)] == [0, 1, 2]
    assert path.read_bytes() == whole[: -(last + 16)]  # 16: lengths and checksums


def test_an_empty_file_is_no_problem(tmp_path):
    (tmp_path / "events.out.tfevents.1").write_bytes(b"")
    event_files.keep_until(tmp_path, 1)
    assert events.points(tmp_path) == []


def test_files_that_are_not_tensorboards_stay(tmp_path):
    write(tmp_path, range(3))
    for name in ("notes.txt", ".hidden", "my.events.out.tfevents.1"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "events.out.tfevents.directory").mkdir()
    (tmp_path / f"{whole_files.PREFIX}ab").mkdir()
    before = set(os.listdir(tmp_path)) - {f"{whole_files.PREFIX}ab"}
    event_files.keep_until(tmp_path, 1)
    assert set(os.listdir(tmp_path)) == before
    assert (tmp_path / "my.events.out.tfevents.1").read_text() == "mine"


def test_no_directory_is_no_problem(tmp_path):
    event_files.keep_until(tmp_path / "missing", 1)
    assert not os.listdir(tmp_path)


def test_a_picture_is_what_tensorflow_writes_of_its_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (1, 4, 6, 3), np.uint8)
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default(step=3):
        event_files.write_picture("cell/normal", tf.io.encode_png(pixels[0]).numpy())
        tf.summary.image("expected", pixels)
    writer.close()
    (path,) = events.files(tmp_path)
    written = map(tf.compat.v1.Event.FromString, events.records(path))
    ours, expected = (value for event in written for value in event.summary.value)
    assert ours.tag == "cell/normal"
    assert ours.metadata.plugin_data == expected.metadata.plugin_data
    assert ours.metadata.data_class == expected.metadata.data_class
    width, height, png = tf.make_ndarray(ours.tensor)
    assert (width, height) == tuple(tf.make_ndarray(expected.tensor)[:2]) == (b"6", b"4")
    np.testing.assert_array_equal(tf.io.decode_png(png), pixels[0])
