"""Digests that tell whether the images of a data set are the same as before."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
from collections.abc import Sequence

import numpy as np

_ALL_BYTES = 4 * 2**30
"""Files of so many bytes in all are read whole, 4 GiB; of more, an even sample of them is."""

_SAMPLED_RECORDS = 1000


def digest_files(files: Sequence[tuple[pathlib.Path, int]], root: pathlib.Path) -> str:
    """The digest of image files: their names below `root`, labels, sizes and bytes.

    Of files of more than 4 GiB in all, the bytes of every n-th are read, those of about 4 GiB;
    names, labels and sizes are of all. Order plays no part, nor where `root` lies.

    Args:
        files: paths, each with its label.
        root: the directory that the names are relative to.

    Raises:
        OSError: a file can't be read.
    """
    ordered = sorted(files)
    sizes = [path.stat().st_size for path, _ in ordered]
    stride = max(-(-sum(sizes) // _ALL_BYTES), 1)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        contents = list(pool.map(_digest_file, (path for path, _ in ordered[::stride])))
    whole = hashlib.sha256()
    for position, ((path, label), size) in enumerate(zip(ordered, sizes, strict=True)):
        content = contents[position // stride] if position % stride == 0 else None
        name = path.relative_to(root).as_posix()
        whole.update(json.dumps([name, label, size, content]).encode() + b"\n")
    return whole.hexdigest()


def digest_arrays(*arrays: np.ndarray) -> str:
    """The digest of arrays: their types, shapes and values."""
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(json.dumps([array.dtype.str, array.shape]).encode())
        whole.update(np.ascontiguousarray(array).data)
    return whole.hexdigest()


def digest_records(records: Sequence[bytes]) -> str:
    """The digest of serialized examples: their number, and an even sample of 1,000 of them."""
    count = len(records)
    sampled = np.unique(np.linspace(0, count - 1, _SAMPLED_RECORDS).astype(int)) if count else []
    whole = hashlib.sha256(str(count).encode())
    for position in sampled:
        whole.update(hashlib.sha256(records[int(position)]).digest())
    return whole.hexdigest()


def _digest_file(path: pathlib.Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
