"""The import of TensorFlow, without its messages and unneeded packages."""

import gc
import os
import sys
from typing import Any

from snas_tf import standard_error

_ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": os.devnull,  # without keras.json: another data format is not supported
    "MPLBACKEND": "agg",  # a notebook sets one that exists only there
}
_UNLESS_SET = {
    # Failures are raised as exceptions, so its log is not needed.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # oneDNN's kernels, on by default on the newest CPUs only, halve the time of a step on others.
    "TF_ENABLE_ONEDNN_OPTS": "1",
}


def set_environment() -> None:
    """Set what TensorFlow, Keras and matplotlib read when they are imported.

    Settings for other programs could change results or stop the program.
    """
    for name in [name for name in os.environ if name.startswith("KERAS_")]:
        del os.environ[name]
    os.environ.update(_ENVIRONMENT)
    for name, value in _UNLESS_SET.items():
        os.environ.setdefault(name, value)


def import_tensorflow() -> None:
    """Import TensorFlow with standard error closed, as it can't be silenced earlier.

    Keras imports scikit-learn for its scikit-learn wrappers, which takes two seconds, and
    matplotlib for its plots, which takes one. Both are hidden meanwhile. The imported objects are
    excluded from garbage collection, which would take another second.
    """
    set_environment()
    gc.disable()
    names = ("sklearn", "matplotlib")
    hidden: dict[str, Any] = {name: None for name in names if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        with standard_error.silenced():
            import tensorflow as tf

            tf.config.list_physical_devices()  # the search for a GPU is not quiet either
    finally:
        for name in hidden:
            del sys.modules[name]
        gc.freeze()
        gc.enable()
