"""Errors of damaged images, as they come out of batches."""

import contextlib
import re
from collections.abc import Iterator

import tensorflow as tf

from snas_tf.errors import UserError


@contextlib.contextmanager
def as_user_errors() -> Iterator[None]:
    """Raise the `UserError` that names a damaged image, around whatever takes batches.

    Raises:
        UserError: instead of the error that TensorFlow makes of it.
    """
    try:
        yield
    except tf.errors.OpError as error:
        named = re.search(rf"{UserError.__name__}: ([^\n]+)", error.message)
        if named is None:
            raise
        raise UserError(named[1]) from error
