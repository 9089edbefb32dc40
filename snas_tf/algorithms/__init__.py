"""How a cell is searched: the distribution of architectures, and what moves it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snas_tf.algorithms.algorithm import Algorithm
    from snas_tf.algorithms.registry import ALGORITHMS, register
    from snas_tf.algorithms.snas import SNAS

__all__ = ["ALGORITHMS", "SNAS", "Algorithm", "register"]


def __getattr__(name: str) -> Any:
    """Loads a public name, and TensorFlow with it."""
    from snas_tf.algorithms import registry, snas

    for module in (registry, snas):
        if name in __all__ and hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
