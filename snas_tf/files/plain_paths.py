"""Paths without wildcards, for TensorFlow, which reads path names as patterns."""

import contextlib
import pathlib
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def alias(directory: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield another name of a directory, without the wildcards that its own may have."""
    with tempfile.TemporaryDirectory() as temporary:
        link = pathlib.Path(temporary, "directory")
        link.symlink_to(directory.absolute(), target_is_directory=True)
        yield link
