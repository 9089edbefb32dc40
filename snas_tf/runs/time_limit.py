"""A limit on the time of a call that nothing in this process can interrupt."""

import contextlib
import os
import pathlib
import select
import signal
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def killed_after(seconds: float, message: str) -> Iterator[None]:
    """Kill this process, with a line on standard error, where a context takes too long.

    A thread could not: it waits for Python's lock, which the call may hold. So a process of this
    file does it, which ends when the context does.

    Args:
        seconds: how long the context may take.
        message: the line.
    """
    command = [sys.executable, "-I", str(pathlib.Path(__file__).resolve()), str(seconds), message]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield


def _watch(seconds: float, message: str) -> None:
    """Kill the parent, unless it closes standard input in time."""
    closed, _, _ = select.select([sys.stdin], [], [], seconds)
    if not closed:
        print(message, file=sys.stderr, flush=True)
        os.kill(os.getppid(), signal.SIGKILL)


if __name__ == "__main__":
    _watch(float(sys.argv[1]), sys.argv[2])
