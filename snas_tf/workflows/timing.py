"""The time of calls."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

_WARM_UP, _CALLS, _SECONDS = 3, 50, 5.0
_ROUND_CALLS, _ROUND_SECONDS = range(3, 31), 0.01


def median_milliseconds(call: Callable[[], Any]) -> float:
    """Measure the median of up to 50 calls, within 5 seconds, after three for warm-up."""
    for _ in range(_WARM_UP):
        call()
    times: list[float] = []
    while len(times) < _CALLS and sum(times) < _SECONDS:
        times.append(milliseconds(call) / 1000)
    return 1000 * statistics.median(times)


def alternate(calls: Sequence[Callable[[], Any]], rounds: Iterable[int]) -> np.ndarray:
    """Measure calls in turn, so that what slows the machine for a while slows all of them.

    Args:
        calls: what is measured.
        rounds: the rounds, one after the other, such as those of a progress bar.

    Returns:
        Milliseconds [rounds, calls], each of the fastest of 3 to 30 calls, as many as take 10 ms:
        while others were running, the machine may have done something else.
    """
    return np.array([[_fastest_of_round(call) for call in calls] for _ in rounds])


def _fastest_of_round(call: Callable[[], Any]) -> float:
    call()
    times: list[float] = []
    for count in _ROUND_CALLS:
        while len(times) < count:
            times.append(milliseconds(call))
        if sum(times) >= 1000 * _ROUND_SECONDS:
            break
    return min(times)


def milliseconds(call: Callable[[], Any]) -> float:
    """Measure a call."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)
