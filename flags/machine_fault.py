"""Errors that are not the program's: a full disk, too little memory, what XLA can't compile."""

import errno
import os
import re
import sys

_REFUSED = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EMFILE,
    errno.ENAMETOOLONG,
    errno.ENOMEM,
    errno.ENOSPC,
    errno.EPERM,
    errno.EROFS,
    errno.ESTALE,
}
"""What an operating system says when it can't; a file that is missing may be our own mistake."""


def describe(error: BaseException) -> str | None:
    """Describe what is wrong with the machine; None if the error has another cause.

    Args:
        error: an error of Python, NumPy or TensorFlow.
    """
    if isinstance(error, MemoryError):
        return f"out of memory ({error}), accepted: a smaller network, batch or image size"
    if isinstance(error, OSError) and error.errno in _REFUSED:
        file = error.filename2 or error.filename
        return f"{os.fsdecode(file)}: {error.strerror}" if file else f"{error.strerror}"
    return _of_tensorflow(error)


def _of_tensorflow(error: BaseException) -> str | None:
    tf = sys.modules.get("tensorflow")  # not imported: flags are checked before it
    if tf is None:
        return None
    if not isinstance(error, tf.errors.OpError):
        return None
    # In front of the message may stand its node of the graph, after it the operation.
    message = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", error.message, flags=re.DOTALL).strip()
    if lacking := re.search(r".* a deterministic XLA implementation", message):
        return f"--jit_compile: {lacking[0]}, accepted: without --deterministic"
    refused = any(f"; {os.strerror(code)}" in message for code in _REFUSED)
    if refused or isinstance(error, tf.errors.ResourceExhaustedError):
        return message.splitlines()[0] if message else "out of memory"
    return None
