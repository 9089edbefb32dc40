"""Images of a TensorFlow Datasets (TFDS) data set, read into memory."""

import concurrent.futures
import contextlib
import io
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from snas_tf.config import DataConfig
from snas_tf.data import decoding, pipeline
from snas_tf.data.batches import TEST, TRAIN
from snas_tf.data.collection import Contents, from_parts
from snas_tf.data.images import Images, resize, stack
from snas_tf.data.parallel import show_progress
from snas_tf.data.tfds_builder import open_builder, unavailable_error, unreadable_copy_error

_TEST_SPLITS = ("test", "validation")
_BLOCK = 256


def read(config: DataConfig, with_test: bool) -> Contents[Images]:
    """Read the "train" split of a data set, its test images, and the names of its classes.

    The test images are the "test" split or, where there is none or its labels are withheld, the
    "validation" split. Only the splits that are wanted are read. A prepared copy is read as it is
    and may be read-only; the network is tried only without one.

    Args:
        config: `dataset` is the TFDS name, `data_dir` where TFDS keeps its copies.
        with_test: whether test images are wanted.

    Raises:
        UserError: the name is unknown, the data set is not one of labeled images, or there is
            neither a readable prepared copy nor a network to download it from.
    """
    builder, keys = open_builder(config)
    train = stack(_blocks(builder, config, "train", *keys), config.image_size)
    tested, test = _read_test(builder, config, *keys) if with_test else (None, None)
    unused = sorted(set(builder.info.splits) - {"train", tested})
    remarks = (f"splits that are not read: {', '.join(unused)}",) if unused else ()
    class_names = tuple(builder.info.features[keys[1]].names)
    for images in (train, test):
        if images is not None:
            _check_labels(images, len(class_names), config.dataset)
    return from_parts({TRAIN: train, TEST: test}, class_names, remarks)


def _check_labels(images: Images, num_classes: int, name: str) -> None:
    wrong = np.flatnonzero((images.labels < 0) | (images.labels >= num_classes))
    if len(wrong):
        label = images.labels[wrong[0]]
        reason = f"example {wrong[0]} has the label {label}, not 0 to {num_classes - 1}"
        raise unavailable_error(name, reason)


def _read_test(
    builder: Any, config: DataConfig, image_key: str, label_key: str
) -> tuple[str | None, Images | None]:
    """Read the test images; return the name of their split, too."""
    for split in _TEST_SPLITS:
        if split in builder.info.splits:
            blocks = _blocks(builder, config, split, image_key, label_key)
            images = stack(blocks, config.image_size)
            if (images.labels >= 0).all():  # TFDS gives -1 for a label that is withheld.
                return split, images
    return None, None


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Silence TFDS, which warns of its own deprecated code when some features are decoded."""
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _blocks(
    builder: Any, config: DataConfig, split: str, image_key: str, label_key: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    import tensorflow_datasets as tfds

    # Images that are not known to have one size are photographs: TFDS would neither turn them
    # upright nor decode them at the size needed.
    photographs = None in builder.info.features[image_key].shape
    decoders = {image_key: tfds.decode.SkipDecoding()} if photographs else None
    wanted = tfds.decode.PartialDecoding({image_key: True, label_key: True}, decoders)
    try:
        with _without_warnings():
            examples = builder.as_dataset(split=split, decoders=wanted)
        batches = pipeline.keep_numbers(examples.batch(_BLOCK)).as_numpy_iterator()
        blocks: Iterator[Any] = ((batch[image_key], batch[label_key]) for batch in batches)
        if photographs:
            count = builder.info.splits[split].num_examples
            blocks = show_progress(_decoded(blocks, config.image_size), count, f"reading {split}")
        yield from blocks
    except (tf.errors.OpError, OSError, ValueError, SyntaxError) as error:
        raise unreadable_copy_error(config.dataset, error, builder.data_path) from error


def _decoded(
    blocks: Iterable[tuple[np.ndarray, np.ndarray]], image_size: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Decode blocks of encoded images over all cores, to blocks of one image each."""

    def decode(encoded: bytes) -> np.ndarray:
        return resize(decoding.decode(io.BytesIO(encoded), image_size)[np.newaxis], image_size)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for encoded, labels in blocks:
            yield from zip(pool.map(decode, encoded), labels[:, np.newaxis], strict=True)
