"""Digests that identify the images of a data set."""

import contextlib
import hashlib
import json
import pathlib

import numpy as np

from snas_tf.data.image_files import ImageFiles
from snas_tf.data.parallel import parallel_map, show_progress
from snas_tf.data.tfds_records import Records

_ALL_BYTES = 4 * 2**30
"""If all files are larger together, an even sample of them is read."""

_SAMPLED_RECORDS = 1000


def digest_files(files: ImageFiles, root: pathlib.Path) -> str:
    """Compute the digest of image files: their names below `root`, labels, sizes and bytes.

    If the files have more than 4 GiB together, the bytes of every n-th one are read, about 4 GiB
    in all; names, labels and sizes are of every file. The order of the files and the place of
    `root` do not matter. A file that can't be read is ignored here.

    Args:
        files: paths, each with its label.
        root: the directory that the names are relative to.
    """
    ordered, count = files.ordered(), len(files)
    found = show_progress(map(_size, ordered), count, "finding images")
    sizes = np.fromiter(found, np.int64, count)
    stride = max(-(-int(sizes.sum()) // _ALL_BYTES), 1)
    sampled = ordered.take(np.arange(0, count, stride))
    whole = hashlib.sha256()
    with parallel_map(_digest_file, sampled, "comparing images") as contents:
        for position, ((path, label), size) in enumerate(zip(ordered, sizes, strict=True)):
            content = next(contents) if position % stride == 0 else None
            name = path.relative_to(root).as_posix()
            whole.update(json.dumps([name, label, int(size), content]).encode() + b"\n")
    return whole.hexdigest()


def digest_arrays(*arrays: np.ndarray) -> str:
    """Compute the digest of arrays: their types, shapes and values."""
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(json.dumps([array.dtype.str, array.shape]).encode())
        whole.update(np.ascontiguousarray(array).data)
    return whole.hexdigest()


def digest_records(records: Records) -> str:
    """Compute the digest of serialized examples: their number and an even sample of 1,000."""
    count = len(records)
    sampled = np.unique(np.linspace(0, max(count - 1, 0), _SAMPLED_RECORDS).astype(int))
    whole = hashlib.sha256(str(count).encode())
    for position in sampled[:count]:
        whole.update(hashlib.sha256(records[int(position)]).digest())
    return whole.hexdigest()


def _size(file: tuple[pathlib.Path, int]) -> int:
    with contextlib.suppress(OSError):
        return file[0].stat().st_size
    return -1


def _digest_file(file: tuple[pathlib.Path, int]) -> str | None:
    with contextlib.suppress(OSError), open(file[0], "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
    return None
