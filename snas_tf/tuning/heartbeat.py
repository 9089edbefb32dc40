"""Signs of life of the processes of a sweep: files whose times change, in a shared directory."""

import contextlib
import fcntl
import os
import pathlib
import threading
import time
from collections.abc import Iterator

from snas_tf.errors import UserError, quote
from snas_tf.tuning.role import ID

_INTERVAL = 1.0  # seconds


@contextlib.contextmanager
def beating(directory: pathlib.Path, name: str) -> Iterator[None]:
    """Give signs of life within a context; who is killed leaves a file whose time stands still.

    Args:
        directory: the shared directory; it is made where it is missing.
        name: name of the process.

    Raises:
        UserError: another process has this name.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path, ended = directory / name, threading.Event()
    with _locked(path, name):
        thread = threading.Thread(target=_beat, args=(path, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(path: pathlib.Path, name: str) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with contextlib.suppress(OSError):  # Of a file system without locks.
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(
                    f"{ID}={quote(name)}: another process of this sweep has that name, accepted: "
                    "a name for each process"
                ) from error
        yield
    finally:
        os.close(handle)


def _beat(path: pathlib.Path, ended: threading.Event) -> None:
    while not ended.wait(_INTERVAL):
        with contextlib.suppress(OSError):
            os.utime(path)


class Pulse:
    """What is known of the signs of life of processes.

    Only changes of a file's time count, and the clock of the observer, so that the clocks of the
    machines need not agree.

    Args:
        directory: the shared directory.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self._seen: dict[str, tuple[int, float]] = {}
        self._start = time.monotonic()

    def silence(self, name: str) -> float:
        """Return for how many seconds a process has given no sign, or since the first question."""
        now = time.monotonic()
        try:
            changed = (self._directory / name).stat().st_mtime_ns
        except OSError:
            changed = 0
        if name not in self._seen or self._seen[name][0] != changed:
            self._seen[name] = (changed, now)
        return now - self._seen[name][1]

    def names(self) -> list[str]:
        """List the processes that have ever given a sign."""
        if not self._directory.is_dir():
            return []
        return sorted(path.name for path in self._directory.iterdir())
