"""The images of a TensorFlow Datasets (TFDS) data set, prepared on disk or downloaded."""

import concurrent.futures
import contextlib
import difflib
import http.client
import io
import os
import pathlib
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from snas_tf.config import DataConfig
from snas_tf.data import decoding
from snas_tf.data.images import Images, resize, stack
from snas_tf.data.parallel import tracked
from snas_tf.errors import UserError

_NAME = re.compile(r"\w+(/[\w.-]+)?(:[\w.]+)?")
"""name[/config][:version]; TFDS would look up other forms, with a namespace, on the network."""

_TEST_SPLITS = ("test", "validation")
_FALLBACK_URL = "https://www.tensorflow.org"
_PROBE_SECONDS = 5.0
_BLOCK = 256


def read(
    config: DataConfig, with_test: bool = False
) -> tuple[Images, Images | None, tuple[str, ...], tuple[str, ...]]:
    """Reads the "train" split of a data set, its test images, and the names of its classes.

    The test images are the "test" split or, where there is none or its labels are withheld, the
    "validation" split. Only the splits that are wanted are read. A prepared copy is read as it is
    and may be read-only; the network is tried only without one.

    Args:
        config: `dataset` is the TFDS name, `data_dir` where TFDS keeps its copies.
        with_test: whether test images are wanted.

    Returns:
        (training images, test images, class names, remarks for the user); None for test images
        that are not wanted or that the data set does not have.

    Raises:
        UserError: the name is unknown, the data set is not one of labelled images, or there is
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
    return train, test, class_names, remarks


def open_builder(config: DataConfig) -> tuple[Any, tuple[str, str]]:
    """Finds a data set, prepares it where there is no prepared copy, and reads no image.

    A data set whose archives must be fetched by hand, such as imagenet2012, is prepared without a
    network from those that lie where TFDS looks for them, in downloads/manual of the directory.

    Args:
        config: `dataset` is the TFDS name, `data_dir` where TFDS keeps its copies.

    Returns:
        (TFDS builder, (name of the image feature, name of the label feature)).

    Raises:
        UserError: as `read`.
    """
    builder = _builder(config)
    keys = _image_and_label(builder, config.dataset)
    if not builder.is_prepared():
        _download(builder, config.dataset)
    if "train" not in builder.info.splits:
        raise UserError(f"`dataset`={config.dataset}: has no split named train to learn from")
    return builder, keys


def _check_labels(images: Images, num_classes: int, name: str) -> None:
    wrong = np.flatnonzero((images.labels < 0) | (images.labels >= num_classes))
    if len(wrong):
        label = images.labels[wrong[0]]
        reason = f"example {wrong[0]} has the label {label}, not 0 to {num_classes - 1}"
        raise unavailable(name, reason)


def _builder(config: DataConfig) -> Any:
    import tensorflow_datasets as tfds  # Here, as it takes long to import.

    if config.data_dir is not None and not pathlib.Path(config.data_dir).is_dir():
        raise UserError(
            f"`data_dir`={config.data_dir}: not a directory; accepted: one of prepared TFDS data "
            "sets, an empty one to download into, or none for TFDS's own"
        )
    try:
        if not _NAME.fullmatch(config.dataset):
            raise ValueError("not of the form name[/config][:version]")
        data_dir = None if config.data_dir is None else str(config.data_dir)
        return tfds.builder(config.dataset, data_dir=data_dir)
    # TFDS raises these for unknown names, configurations, versions and for missing packages.
    except (ValueError, AssertionError, ImportError) as error:
        known = ["digits", "folder", *tfds.list_builders(with_community_datasets=False)]
        nearest = difflib.get_close_matches(config.dataset, known, n=1)
        raise UserError(
            f"`dataset`={config.dataset}: unknown; accepted: digits, folder, or a TFDS "
            "image-classification dataset such as cifar10"
            + "".join(f" (did you mean {name}?)" for name in nearest)
        ) from error


def _image_and_label(builder: Any, name: str) -> tuple[str, str]:
    import tensorflow_datasets as tfds

    features = builder.info.features
    try:
        image, label = builder.info.supervised_keys or ("image", "label")
        kinds_match = (
            isinstance(features[image], tfds.features.Image)
            and features[image].np_dtype == np.uint8
            and isinstance(features[label], tfds.features.ClassLabel)
        )
    except (KeyError, TypeError, ValueError):
        kinds_match = False
    if not kinds_match:
        raise UserError(
            f"`dataset`={name}: has no 8-bit image with a class label; accepted: digits, folder, "
            "or a TFDS image-classification dataset such as cifar10"
        )
    return image, label


def _download(builder: Any, name: str) -> None:
    url = next(iter(builder.url_infos or ()), _FALLBACK_URL)
    # Archives that the user has put there need no network.
    if not builder.MANUAL_DOWNLOAD_INSTRUCTIONS and not _reachable(url):
        raise unavailable(name, f"no prepared copy in {builder.data_path}, and no network")
    try:
        builder.download_and_prepare()
    # Whatever the builder's own code raises; the user can only choose another source.
    except Exception as error:
        raise unavailable(name, f"the download failed ({one_line(error)})") from error


def _reachable(url: str) -> bool:
    """Whether `url` answers soon; in a thread, as looking up a name heeds no time limit."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(_answers(url)), daemon=True)
    thread.start()
    thread.join(_PROBE_SECONDS)
    return answers == [True]


def _answers(url: str) -> bool:
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=_PROBE_SECONDS):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500  # The server is there, it only does not like the question.
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _read_test(
    builder: Any, config: DataConfig, image_key: str, label_key: str
) -> tuple[str | None, Images | None]:
    """The name of the split that the test images are of, and those images."""
    for split in _TEST_SPLITS:
        if split in builder.info.splits:
            blocks = _blocks(builder, config, split, image_key, label_key)
            images = stack(blocks, config.image_size)
            if (images.labels >= 0).all():  # TFDS gives -1 for a label that is withheld.
                return split, images
    return None, None


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """TFDS warns of its own use of what it has deprecated, where only some features are decoded."""
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
        batches = examples.batch(_BLOCK).as_numpy_iterator()
        blocks = ((batch[image_key], batch[label_key]) for batch in batches)
        if photographs:
            count = builder.info.splits[split].num_examples
            blocks = tracked(_decoded(blocks, config.image_size), count, f"reading {split}")
        yield from blocks
    except (tf.errors.OpError, OSError, ValueError, SyntaxError) as error:
        reason = f"the prepared copy in {builder.data_path} can't be read ({one_line(error)})"
        raise unavailable(config.dataset, reason) from error


def _decoded(
    blocks: Iterable[tuple[np.ndarray, np.ndarray]], image_size: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Blocks of one image each, of encoded ones, over all cores."""

    def decode(encoded: bytes) -> np.ndarray:
        return resize(decoding.decode(io.BytesIO(encoded), image_size)[np.newaxis], image_size)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for encoded, labels in blocks:
            yield from zip(pool.map(decode, encoded), labels[:, np.newaxis], strict=True)


def unavailable(name: str, reason: str) -> UserError:
    """The error for a data set `name` that can't be had for `reason`; names the ways out."""
    return UserError(
        f"`dataset`={name}: {reason}; accepted without a network: `dataset`=digits, "
        f"`dataset`=folder `data_dir`=DIR, or a copy of {name} prepared by TFDS under `data_dir`"
    )


def one_line(error: Exception) -> str:
    """The first line of an error's message, or its kind where it has none; no TensorFlow nodes."""
    message = re.sub(r"^\{\{.*?\}\}|\[Op:.*\]", "", str(error).strip()).strip()
    return (message or type(error).__name__).splitlines()[0]
