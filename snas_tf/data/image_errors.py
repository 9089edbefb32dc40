"""Errors of damaged images, as they come out of batches."""

import contextlib
import re
from collections.abc import Iterator

import tensorflow as tf

from snas_tf.errors import UserError


@contextlib.contextmanager
def as_user_errors() -> Iterator[None]:
    """Convert TensorFlow's error about a damaged image, within a context that takes batches.

    Raises:
        UserError: an image can't be read; names it.
    """
    try:
        yield
    except tf.errors.OpError as error:
        named = re.search(rf"{UserError.__name__}: ([^\n]+)", error.message)
        if named is None:
            raise
        raise UserError(named[1]) from error
