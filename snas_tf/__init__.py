"""SNAS: Stochastic Neural Architecture Search (Xie et al., ICLR 2019) in TensorFlow / Keras.

    found = snas_tf.search(images, labels, model_dir="runs/search")
    child = found.make_child(num_cells=8, init_channels=16)

Importing this package reads no file and touches no device, and imports no TensorFlow: the names
below are loaded when they are first used. `keras.models.load_model` knows the classes of a saved
child once `snas_tf.ChildNetwork` has been used, as `from snas_tf import ChildNetwork` does.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "Algorithm": "snas_tf.algorithms.algorithm:Algorithm",
    "ChildConfig": "snas_tf.config:ChildConfig",
    "ChildNetwork": "snas_tf.models.child:ChildNetwork",
    "DataConfig": "snas_tf.config:DataConfig",
    "Genotype": "snas_tf.architecture.genotype:Genotype",
    "ImageNetConfig": "snas_tf.config:ImageNetConfig",
    "ParentNetwork": "snas_tf.models.parent:ParentNetwork",
    "SearchConfig": "snas_tf.config:SearchConfig",
    "SearchSpace": "snas_tf.architecture.search_space:SearchSpace",
    "StochasticEdge": "snas_tf.layers.stochastic_edge:StochasticEdge",
    "UserError": "snas_tf.errors:UserError",
    "algorithms": "snas_tf.algorithms",
    "derive": "snas_tf.architecture.genotype:derive",
    "export": "snas_tf.workflows.export:export",
    "load_genotype": "snas_tf.architecture.genotype_source:load_genotype",
    "operations": "snas_tf.architecture.operations",
    "plot_cell": "snas_tf.plots:plot_cell",
    "profile": "snas_tf.workflows.profile:profile",
    "search": "snas_tf.workflows.api:search",
    "spaces": "snas_tf.architecture.spaces",
    "train": "snas_tf.workflows.api:train",
}
"""Where each public name is."""

__all__ = [
    "Algorithm",
    "ChildConfig",
    "ChildNetwork",
    "DataConfig",
    "Genotype",
    "ImageNetConfig",
    "ParentNetwork",
    "SearchConfig",
    "SearchSpace",
    "StochasticEdge",
    "UserError",
    "algorithms",
    "derive",
    "export",
    "load_genotype",
    "operations",
    "plot_cell",
    "profile",
    "search",
    "spaces",
    "train",
]

if TYPE_CHECKING:  # The same names once more, for editors and type checkers.
    from snas_tf import algorithms
    from snas_tf.algorithms.algorithm import Algorithm
    from snas_tf.architecture import operations, spaces
    from snas_tf.architecture.genotype import Genotype, derive
    from snas_tf.architecture.genotype_source import load_genotype
    from snas_tf.architecture.search_space import SearchSpace
    from snas_tf.config import ChildConfig, DataConfig, ImageNetConfig, SearchConfig
    from snas_tf.errors import UserError
    from snas_tf.layers.stochastic_edge import StochasticEdge
    from snas_tf.models.child import ChildNetwork
    from snas_tf.models.parent import ParentNetwork
    from snas_tf.plots import plot_cell
    from snas_tf.workflows.api import search, train
    from snas_tf.workflows.export import export
    from snas_tf.workflows.profile import profile


def __getattr__(name: str) -> Any:
    """Load a public name.

    Raises:
        AttributeError: there is no such name.
        UserError: Keras has, or is to have, another backend than TensorFlow.
    """
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _check_backend()
    module, _, attribute = _PUBLIC[name].partition(":")
    value = importlib.import_module(module)
    globals()[name] = getattr(value, attribute) if attribute else value
    return globals()[name]


def _check_backend() -> None:
    """Checks the backend before something deep inside of Keras fails for it."""
    keras: Any = sys.modules.get("keras")
    if hasattr(keras, "config"):
        backend = keras.config.backend()
    else:
        backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend != "tensorflow":
        from snas_tf.errors import UserError

        raise UserError(
            f"KERAS_BACKEND={backend}: snas_tf runs on TensorFlow alone, accepted: "
            "KERAS_BACKEND=tensorflow, set before keras is imported"
        )


def __dir__() -> list[str]:
    """Lists the public names too that are not loaded yet."""
    return sorted({*globals(), *__all__})
