"""A limit on the time of a call that nothing in Python can interrupt."""

import contextlib
import ctypes
import os
import pathlib
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def ended_after(seconds: float, message: str) -> Iterator[None]:
    """End this process, with a line on standard error, where a context takes too long.

    A thread could not: it waits for Python's lock, which the call may hold. So a process of this
    file watches, and sends a signal whose handler needs no lock. The exit code is the signal's
    number, 3, which is also that of a process that has lost another.

    Args:
        seconds: how long the context may take.
        message: the line.
    """
    path = str(pathlib.Path(__file__).resolve())
    command = [sys.executable, "-I", path, str(os.getpid()), str(seconds), message]
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "start_new_session": True}
    with _ending_at_once(), subprocess.Popen(command, **options):
        yield


@contextlib.contextmanager
def _ending_at_once() -> Iterator[None]:
    """End this process at SIGQUIT: the handler is C's `_exit`, whose argument is the signal's."""
    library = ctypes.CDLL(None)
    set_handler = library.signal
    set_handler.argtypes, set_handler.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
    before = set_handler(signal.SIGQUIT, ctypes.cast(library._exit, ctypes.c_void_p))
    try:
        yield
    finally:
        set_handler(signal.SIGQUIT, before)


def _watch(parent: int, seconds: float, message: str) -> None:
    """Print the line and end the parent, unless it closes standard input in time."""
    closed, _, _ = select.select([0], [], [], seconds)
    if closed:
        return
    with contextlib.suppress(OSError):  # A full disk or a pipe that nobody reads is no obstacle.
        _, ready, _ = select.select([], [2], [], 1)
        if ready:
            os.write(2, f"{message}\n".encode(errors="replace"))
    if os.getppid() == parent:
        os.kill(parent, signal.SIGQUIT)


if __name__ == "__main__":
    _watch(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
