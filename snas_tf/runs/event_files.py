"""TensorBoard's event files of a run that resumes, and pictures in them."""

import pathlib
import struct

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorboard.plugins.image import metadata

from snas_tf.files import whole_files

_NAME = "events.out.tfevents."


def keep_until(directory: pathlib.Path, last_step: int) -> None:
    """Delete the events after a step, which a resumed run writes again.

    Args:
        directory: directory of the event files; other files stay.
        last_step: the last one kept.
    """
    if not directory.is_dir():
        return
    whole_files.remove_leftovers(directory)
    for path in sorted(directory.iterdir()):
        if path.name.startswith(_NAME) and path.is_file():
            _keep_until(path, last_step)


def write_picture(tag: str, png: bytes) -> None:
    """Write a picture at the step of the writer in use.

    `tf.summary.image` would encode it once more, which takes as long as to draw it.

    Args:
        tag: TensorBoard's name of the picture.
        png: the content of a PNG file.
    """
    sides = struct.unpack(">II", png[16:24])  # width and height, in the header
    content = tf.constant([*(str(side).encode() for side in sides), png])
    described = metadata.create_summary_metadata(display_name=None, description=None)
    tf.summary.write(tag, content, metadata=described)


def _keep_until(path: pathlib.Path, last_step: int) -> None:
    kept, dropped = [], False
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            if tf.compat.v1.Event.FromString(record).step <= last_step:
                kept.append(record)
            else:
                dropped = True
    except (tf.errors.DataLossError, DecodeError):  # The file of a killed run may be truncated.
        dropped = True
    if not dropped:
        return
    with (
        whole_files.replacing(path) as partial,
        tf.io.TFRecordWriter(str(partial)) as writer,
    ):
        for record in kept:
            writer.write(record)
