"""The content of TensorBoard's event files, for tests."""

import tensorflow as tf

_NAME = "events.out.tfevents."


def files(directory):
    """The event files of a directory, the oldest first."""
    found = [one for one in directory.iterdir() if one.is_file() and one.name.startswith(_NAME)]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def records(path):
    """The serialized events of a file."""
    return [record.numpy() for record in tf.data.TFRecordDataset(str(path))]


def points(directory):
    """(step, tag) of every value in a directory's event files, sorted."""
    return sorted(
        (event.step, value.tag)
        for path in files(directory)
        for event in map(tf.compat.v1.Event.FromString, records(path))
        for value in event.summary.value
    )
