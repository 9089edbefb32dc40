"""Limits of this machine: the rate of large matrix products, and that of copying.

python benchmarks/limits.py
"""

import concurrent.futures
import os
import time

import numpy as np

_SIDE, _TIMES = 3072, 15
_COPIED = 2**28  # bytes a core, far more than any cache holds


def matrix_rate():
    """Multiply-adds of float32 a second, all cores: the fastest of a few large products."""
    one = np.random.default_rng(0).random((_SIDE, _SIDE), np.float32)
    result = np.empty_like(one)
    return _SIDE**3 / min(_seconds(lambda: np.matmul(one, one, out=result)) for _ in range(_TIMES))


def copy_rate():
    """Bytes read and written a second, while each core copies its own array."""
    cores = os.cpu_count()
    sources = [np.ones(_COPIED, np.uint8) for _ in range(cores)]
    targets = [np.ones(_COPIED, np.uint8) for _ in range(cores)]
    with concurrent.futures.ThreadPoolExecutor(cores) as pool:

        def copy():
            list(pool.map(np.copyto, targets, sources))

        return 2 * cores * _COPIED / min(_seconds(copy) for _ in range(_TIMES))


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def of_inference(counted, batch_size):
    """Multiply-adds and bytes of a pass through a network whose `Cost` for one image is known.

    Every convolution reads its input and its kernel and writes its output; what stands between
    them, normalizations above all, is taken to cost nothing.
    """
    maps = counted.memory_access - counted.parameters
    return counted.multiply_adds * batch_size, 4 * (maps * batch_size + counted.parameters)


def of_training(counted, batch_size):
    """Multiply-adds and bytes of a step: backward, each convolution is two more of its size."""
    return tuple(3 * one for one in of_inference(counted, batch_size))


def report(multiply_adds, moved, seconds):
    """Print what a step needs at least, and how much of the machine it uses.

    Args:
        multiply_adds: those of the step's convolutions and dense layers.
        moved: bytes that those read and write, each number once.
        seconds: that the step takes.
    """
    products, copies = matrix_rate(), copy_rate()
    print(
        f"limit: {2 * products / 1e9:.0f} GFLOP/s in products of {_SIDE} x {_SIDE}, "
        f"{copies / 1e9:.1f} GB/s in copies, {os.cpu_count()} cores\n"
        f"{multiply_adds / 1e9:10.3f} G multiply-adds  {multiply_adds / products:8.4f} s at that "
        f"rate, {multiply_adds / products / seconds:5.1%} of the step\n"
        f"{moved / 1e9:10.3f} GB moved at least {moved / copies:8.4f} s at that rate, "
        f"{moved / copies / seconds:5.1%} of the step",
        flush=True,
    )


if __name__ == "__main__":
    report(0, 0, 1.0)
