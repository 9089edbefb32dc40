"""Search algorithms."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snas_tf.algorithms.algorithm import Algorithm
    from snas_tf.algorithms.snas import SNAS
    from snas_tf.config.algorithms import ALGORITHMS, register

__all__ = ["ALGORITHMS", "SNAS", "Algorithm", "register"]

_MODULES = {
    "ALGORITHMS": "snas_tf.config.algorithms",
    "Algorithm": "snas_tf.algorithms.algorithm",
    "SNAS": "snas_tf.algorithms.snas",
    "register": "snas_tf.config.algorithms",
}
"""Where each public name is."""


def __getattr__(name: str) -> Any:
    """Load a public name, and TensorFlow with it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """Lists the public names too that are not loaded yet."""
    return sorted({*globals(), *__all__})
