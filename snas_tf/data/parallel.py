"""Work on many files over all cores, with progress."""

import collections
import concurrent.futures
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import tqdm

_QUIET_SECONDS = 2.0
_LINE_SECONDS = 60.0

_AHEAD = 1000
"""Items that are begun before their results are wanted, at most: each takes a kilobyte."""


@contextlib.contextmanager
def parallel_map(
    function: Callable[[Any], Any], items: Sequence[Any], description: str
) -> Iterator[Iterator[Any]]:
    """Call a function for every item, in threads.

    It is faster than a loop if the function waits for disks or releases Python's lock. When the
    context ends, calls that have not begun are canceled. An exception of `function` is raised where
    its result is taken.

    Args:
        function: the function, of one item.
        items: its arguments.
        description: name of the progress, which is shown after 2 seconds.

    Returns:
        A context of the results, in the order of the items.
    """
    pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
    try:
        yield show_progress(_map(pool, function, items), len(items), description)
    finally:
        pool.shutdown(cancel_futures=True)


def _map(
    pool: concurrent.futures.Executor, function: Callable[[Any], Any], items: Sequence[Any]
) -> Iterator[Any]:
    """Call a function for every item, in order; `Executor.map` would submit them all at once."""
    pending: collections.deque[concurrent.futures.Future] = collections.deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) > _AHEAD:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def show_progress(results: Iterable[Any], count: int, description: str) -> Iterator[Any]:
    """Pass results on and show progress after 2 seconds: a bar on a terminal, else plain lines.

    Args:
        results: what to pass on.
        count: the number of results.
        description: name of the progress.
    """
    if sys.stdout.isatty():
        yield from tqdm.tqdm(
            results,
            total=count,
            desc=description,
            delay=_QUIET_SECONDS,
            file=sys.stdout,
            leave=False,
            dynamic_ncols=True,
        )
        return
    next_line = time.monotonic() + _QUIET_SECONDS
    for done, result in enumerate(results, start=1):
        if time.monotonic() > next_line:
            print(f"{description}  {done:,}/{count:,}", flush=True)
            next_line = time.monotonic() + _LINE_SECONDS
        yield result
