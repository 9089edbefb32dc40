"""SNAS: Stochastic Neural Architecture Search (Xie et al., ICLR 2019) in TensorFlow / Keras.

    found = snas_tf.search(images, labels, model_dir="runs/search")
    child = found.make_child(num_cells=8, init_channels=16)

Importing this package reads no file and touches no device, and imports no TensorFlow: the names
below are loaded when they are first used.
"""

import importlib
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
    """Load a public name."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PUBLIC[name].partition(":")
    value = importlib.import_module(module)
    globals()[name] = getattr(value, attribute) if attribute else value
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
