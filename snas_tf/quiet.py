"""TensorFlow, imported quietly and without what this program does not need."""

import gc
import os
import sys


def import_tensorflow() -> None:
    """Imports it with standard error closed: nothing can tell it earlier to keep silent.

    Keras imports scikit-learn for its scikit-learn wrappers, which takes two seconds, and
    matplotlib for its plots, which takes one; while they are hidden, Keras goes without. What is
    imported stays: to look for garbage in it, now or later, would take another second.
    """
    gc.disable()
    stderr = os.dup(2)
    hidden = {name: None for name in ("sklearn", "matplotlib") if name not in sys.modules}
    sys.modules.update(hidden)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import tensorflow as tf

        tf.config.list_physical_devices()  # the search for a GPU is not quiet either
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        for name in hidden:
            del sys.modules[name]
        gc.freeze()
        gc.enable()
