"""A TensorFlow Datasets (TFDS) data set, prepared on disk or downloaded; no image is read."""

import difflib
import http.client
import pathlib
import re
import threading
import urllib.error
import urllib.request
from typing import Any

import numpy as np

from snas_tf.config import DataConfig
from snas_tf.errors import UserError

_NAME = re.compile(r"\w+(/[\w.-]+)?(:[\w.]+)?")
"""name[/config][:version]; TFDS would look up other forms, with a namespace, on the network."""

_FALLBACK_URL = "https://www.tensorflow.org"
_PROBE_SECONDS = 5.0


def open_builder(config: DataConfig) -> tuple[Any, tuple[str, str]]:
    """Find a data set, or download and prepare it; no image is read.

    A data set whose archives must be fetched by hand, such as imagenet2012, is prepared without a
    network from the archives in downloads/manual of the directory, where TFDS looks for them.

    Args:
        config: `dataset` is the TFDS name, `data_dir` where TFDS keeps its copies.

    Returns:
        (TFDS builder, (name of the image feature, name of the label feature)).

    Raises:
        UserError: the name is unknown, the data set is not one of labeled images, or there is
            neither a prepared copy nor a network to download it from.
    """
    builder = _builder(config)
    keys = _image_and_label(builder, config.dataset)
    if not builder.is_prepared():
        _download(builder, config.dataset)
    if "train" not in builder.info.splits:
        raise UserError(f"`dataset`={config.dataset}: has no split named train to learn from")
    return builder, keys


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
        raise unavailable_error(name, f"no prepared copy in {builder.data_path}, and no network")
    try:
        builder.download_and_prepare()
    # The builder's code may raise anything; the user can only choose another source.
    except Exception as error:
        raise unavailable_error(name, f"the download failed ({format_reason(error)})") from error


def _reachable(url: str) -> bool:
    """Whether `url` answers soon; asked in a thread, as looking up a name has no time limit."""
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
        return error.code < 500  # The server answers, even if it refuses the request.
    except (OSError, ValueError, http.client.HTTPException):
        return False


def unavailable_error(name: str, reason: str) -> UserError:
    """Make the error for a data set that can't be read; name what else can be done."""
    return UserError(
        f"`dataset`={name}: {reason}; accepted without a network: `dataset`=digits, "
        f"`dataset`=folder `data_dir`=DIR, or a copy of {name} prepared by TFDS under `data_dir`"
    )


def unreadable_copy_error(name: str, error: Exception, path: Any = None) -> UserError:
    """Make the error for a prepared copy that can't be read.

    Args:
        name: name of the data set.
        error: what was raised when it was read.
        path: the directory of the copy; None if it is not known.
    """
    place = "" if path is None else f" in {path}"
    reason = f"the prepared copy{place} can't be read ({format_reason(error)})"
    return unavailable_error(name, reason)


def format_reason(error: Exception) -> str:
    """Format the first line of an error's message, or its kind, without TensorFlow's nodes."""
    message = re.sub(r"^\{\{.*?\}\}|\[Op:.*\]", "", str(error).strip()).strip()
    return (message or type(error).__name__).splitlines()[0]
