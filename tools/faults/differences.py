"""What differs between two run directories."""

import contextlib
import csv
import json
import os
import pathlib
import tempfile

import numpy as np

_TIMES = {"seconds", "images_per_second", "finished", "trained_seconds", "latency_ms"}
_SETS = {"tried_so_far"}
"""Lists of KerasTuner's that have no order."""

_OF_TIMES = {"compare.md", "pareto.md", "pareto.png", "pareto.svg"}
"""Files that print times; the JSON files beside them have the same figures."""


def differences(one, other):
    """Name what differs between two run directories, except for times.

    Compares every file, the variables of checkpoints, what exported models predict, and the steps
    and tags of TensorBoard's events.
    """
    with _plain(one) as first, _plain(other) as second:
        return _differences(first, second)


@contextlib.contextmanager
def _plain(path):
    """A link to a directory, as TensorFlow reads odd names as patterns."""
    with tempfile.TemporaryDirectory() as directory:
        link = pathlib.Path(directory, "link")
        link.symlink_to(path.absolute(), target_is_directory=True)
        yield link


def _differences(one, other):
    names = [
        {path.relative_to(root).as_posix() for path in root.rglob("*") if _is_compared(path)}
        for root in (one, other)
    ]
    found = sorted(names[0] ^ names[1])
    for name in sorted(names[0] & names[1]):
        contents = [_content(root / name) for root in (one, other)]
        if not _equal(*contents):
            found.append(name)
    events = [_events(root) for root in (one, other)]
    return [*found, *(["tensorboard"] if events[0] != events[1] else [])]


def _is_compared(path):
    parts = path.parts
    if path.name in _OF_TIMES:
        return False
    return "tensorboard" not in parts and not ("export" in parts and path.name != "export")


def _content(path):
    if path.is_dir():
        return _predictions(path) if path.name == "export" else sorted(os.listdir(path))
    if path.suffix == ".json":
        return _without_times(json.loads(path.read_text()))
    if path.suffix == ".csv":
        with path.open() as file:
            return [_without_times(row) for row in csv.DictReader(file)]
    if path.name.startswith(("step-", "epoch-")):
        return _variables(path) if path.suffix == ".index" else None
    return path.read_bytes()


def _without_times(content):
    if isinstance(content, dict):
        kept = {key: value for key, value in content.items() if key not in _TIMES}
        return {
            key: sorted(value) if key in _SETS else _without_times(value)
            for key, value in kept.items()
        }
    return [_without_times(one) for one in content] if isinstance(content, list) else content


def _variables(index):
    import tensorflow as tf

    try:
        reader = tf.train.load_checkpoint(str(index.with_suffix("")))
        names = reader.get_variable_to_shape_map()
        return {name: reader.get_tensor(name) for name in names if name.startswith("variables/")}
    except tf.errors.OpError as error:
        return f"can't be read: {error}"


def _predictions(export):
    import tensorflow as tf

    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    serve = tf.saved_model.load(str(export)).signatures["serving_default"]
    return {"probabilities": serve(image=tf.constant(images))["probabilities"].numpy()}


def _equal(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return one == other


def _events(root):
    import tensorflow as tf

    found = []
    for path in root.rglob("events.out.tfevents.*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            where = str(path.parent.relative_to(root))
            tags = [value.tag for value in event.summary.value]
            # The rate of an epoch that was resumed at its end is not known.
            found += [(where, event.step, tag) for tag in tags if tag.split("/")[-1] not in _TIMES]
    return sorted(found)
