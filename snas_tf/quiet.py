"""TensorFlow, imported without its greeting."""

import os


def import_tensorflow() -> None:
    """Imports it with standard error closed: nothing can tell it earlier to keep silent."""
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow as tf

        tf.config.list_physical_devices()  # the search for a GPU is not quiet either
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
