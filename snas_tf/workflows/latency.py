"""The latency of a call."""

import statistics
import time
from collections.abc import Callable
from typing import Any

_WARM_UP, _CALLS, _SECONDS = 3, 50, 5.0


def median_milliseconds(call: Callable[[], Any]) -> float:
    """Measure the median of up to 50 calls, within 5 seconds, after three for warm-up."""
    for _ in range(_WARM_UP):
        call()
    times: list[float] = []
    while len(times) < _CALLS and sum(times) < _SECONDS:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)
