"""A file of the labels of a TFDS copy, so that a resumed run need not read all records again."""

import pathlib

import numpy as np
from absl import logging

from snas_tf.data.tfds_source import TfdsSource
from snas_tf.files import whole_files
from snas_tf.files.digests import short_digest


def read(source: TfdsSource, directory: pathlib.Path | None) -> np.ndarray:
    """Read the labels of a split from its file, or else from its records.

    Args:
        source: the split.
        directory: where the file is, or will be; None for no file.

    Returns:
        int64 [examples].

    Raises:
        UserError: a record can't be read, or its label is not of a class.
    """
    if directory is None:
        return source.labels
    key = f"{source.digest} {source.num_classes}"
    path = directory / f"labels-{short_digest(key.encode())}.npy"
    labels = _load(path, len(source))
    if labels is None:
        labels = source.labels
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_files.replacing(path) as partial:
            np.save(partial, labels, allow_pickle=False)
    return labels


def _load(path: pathlib.Path, count: int) -> np.ndarray | None:
    """Read a file; None where there is none that is intact."""
    try:
        labels = np.load(path, allow_pickle=False)
        if labels.dtype != np.int64 or labels.shape != (count,):
            raise ValueError(f"received {labels.dtype} {list(labels.shape)}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, EOFError) as error:
        logging.warning("%s: damaged (%s), so labels are read anew", path, error)
        return None
    return labels
