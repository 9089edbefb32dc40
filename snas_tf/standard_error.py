"""Standard error, closed while libraries write what concerns no user."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Discard what is written on standard error within a context, by libraries in C too.

    Python's warnings are ignored. Exceptions are raised as ever.
    """
    if sys.stderr is not None:
        sys.stderr.flush()
    before = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(before, 2)
        os.close(before)
