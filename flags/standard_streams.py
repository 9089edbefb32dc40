"""Standard streams whose failures do not end a run."""

import io
import os
import sys
from typing import Any, TextIO


class LastingFile(io.FileIO):
    """A file whose writes do not fail: after a failure, output is discarded.

    A training of hours continues when its terminal is closed, `| head` has read enough, or the disk
    of its log is full.
    """

    def write(self, data: Any) -> int:
        """Write bytes, and return how many."""
        try:
            return super().write(data)
        except OSError:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), self.fileno())
            return memoryview(data).nbytes


def secure(kind: type[io.TextIOWrapper] = io.TextIOWrapper) -> None:
    """Open those of the three streams that are closed, and make output and error lasting.

    Otherwise the next file that is opened would get the number and the messages of a closed stream.
    Letters that the encoding lacks are escaped.

    Args:
        kind: class of the new output and error.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    sys.stdout = _lasting(kind, 1, sys.stdout)
    sys.stderr = _lasting(kind, 2, sys.stderr)


def _lasting(
    kind: type[io.TextIOWrapper], descriptor: int, before: TextIO | None
) -> io.TextIOWrapper:
    """Return a stream like the one before, which is None where the descriptor was closed."""
    return kind(
        io.BufferedWriter(LastingFile(descriptor, "w", closefd=False)),
        before.encoding if before else "utf-8",
        "backslashreplace",
        line_buffering=before is not None and bool(before.line_buffering),
        write_through=getattr(before, "write_through", False),
    )
