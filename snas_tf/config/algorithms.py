"""The search algorithms, by name, with their settings and the defaults of these.

Nothing here needs TensorFlow, so that settings can be checked before it is imported.
"""

import dataclasses
import importlib
from collections.abc import Mapping
from typing import Any

from snas_tf.errors import UserError, format_setting

_PENALTY = (
    *("constraint_weight", "target_parameters", "target_multiply_adds", "target_latency_ms"),
    *("penalty_estimator", "penalty_baseline", "penalty_scale"),
    *("parameters_weight", "flops_weight", "memory_access_weight", "latency_weight"),
)
_ADAM = ("alpha_learning_rate", "alpha_beta_1", "alpha_beta_2", "alpha_weight_decay")
_ALPHA = (*_ADAM, "alpha_decay", "alpha_clip_norm")
_TEMPERATURE = ("initial_temperature", "final_temperature")
_JUDGED = ("architecture_fraction", "derivation_samples")
_CONTROLLER = (
    "controller_learning_rate",
    "controller_entropy_weight",
    "controller_baseline_decay",
)
_OF_DARTS = {"alpha_learning_rate": 3e-4, "alpha_decay": "coupled", "alpha_clip_norm": 0.0}


@dataclasses.dataclass(frozen=True)
class AlgorithmSpec:
    """What is known of an algorithm before it is imported.

    Attributes:
        implementation: the `Algorithm`, or "MODULE:CLASS", where it is.
        source: where the algorithm and its settings were published.
        settings: the fields of `SearchConfig` that it has besides those of every algorithm; None
            for all.
        defaults: its own defaults of them.
        drops_edges: whether its children always lack edges, so that the space needs `none`.
        compiles: whether XLA has all operations of its step.
    """

    implementation: Any
    source: str = ""
    settings: tuple[str, ...] | None = None
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    drops_edges: bool = False
    compiles: bool = True

    def has(self, setting: str) -> bool:
        """Whether the algorithm has a setting."""
        return self.settings is None or setting in self.settings or setting not in _OWNED

    def load(self) -> Any:
        """Import the `Algorithm`."""
        if not isinstance(self.implementation, str):
            return self.implementation
        module, _, name = self.implementation.partition(":")
        return getattr(importlib.import_module(module), name)


ALGORITHMS: dict[str, AlgorithmSpec] = {
    "snas": AlgorithmSpec(
        "snas_tf.algorithms.snas:SNAS",
        "Xie et al., 2019",
        (*_PENALTY, *_ALPHA, *_TEMPERATURE, "relaxation", "draws"),
    ),
    "darts": AlgorithmSpec(
        "snas_tf.algorithms.darts:DARTS",
        "Liu et al., 2019",
        (*_ALPHA, "darts_order", "architecture_fraction"),
        _OF_DARTS,
    ),
    "gdas": AlgorithmSpec(
        "snas_tf.algorithms.gdas:GDAS",
        "Dong and Yang, 2019",
        (*_ALPHA, *_TEMPERATURE, "architecture_fraction"),
        {**_OF_DARTS, "initial_temperature": 10.0, "final_temperature": 0.1},
    ),
    "drnas": AlgorithmSpec(
        "snas_tf.algorithms.drnas:DrNAS",
        "Chen et al., 2021",
        (*_ALPHA, "architecture_fraction"),
        _OF_DARTS,
        compiles=False,  # It draws from gamma distributions.
    ),
    "beta_darts": AlgorithmSpec(
        "snas_tf.algorithms.beta_darts:BetaDARTS",
        "Ye et al., 2022",
        (*_ALPHA, "architecture_fraction"),
        _OF_DARTS,
    ),
    "enas": AlgorithmSpec(
        "snas_tf.algorithms.enas:ENAS",
        "Pham et al., 2018",
        (*_JUDGED, *_CONTROLLER),
        {"architecture_fraction": 0.1, "derivation_samples": 10},
        drops_edges=True,
    ),
    "random": AlgorithmSpec(
        "snas_tf.algorithms.random_search:RandomSearch", "Li and Talwalkar, 2019", _JUDGED
    ),
    "evolution": AlgorithmSpec(
        "snas_tf.algorithms.evolution:Evolution",
        "Real et al., 2019",
        (*_JUDGED, "population_size", "tournament_size"),
    ),
}
"""The algorithms that `SearchConfig.algorithm` may name."""

_OWNED = {name for spec in ALGORITHMS.values() for name in spec.settings or ()}
"""The settings that not every algorithm has."""

DEFAULTS: Mapping[str, Any] = {
    "alpha_clip_norm": 10.0,
    "alpha_decay": "decoupled",
    "architecture_fraction": 0.5,
    "derivation_samples": 50,
    "initial_temperature": 1.0,
    "final_temperature": 0.03,
}
"""The defaults where an algorithm has none of its own."""


def get(name: str) -> AlgorithmSpec:
    """Return the spec of an algorithm.

    Raises:
        UserError: there is no such algorithm.
    """
    if name not in ALGORITHMS:
        raise UserError(
            f"{format_setting('algorithm', name)}: unknown, accepted: {', '.join(ALGORITHMS)}"
        )
    return ALGORITHMS[name]


def having(setting: str) -> list[str]:
    """Return the names of the algorithms that have a setting."""
    return [name for name, spec in ALGORITHMS.items() if spec.has(setting)]


def register(name: str, algorithm: type) -> None:
    """Register an algorithm, with the settings and defaults of the one that it derives from.

    An algorithm that derives from none of `ALGORITHMS` has all settings.

    Args:
        name: its name for `SearchConfig.algorithm`.
        algorithm: a subclass of `algorithms.Algorithm`.

    Raises:
        ValueError: another algorithm has this name.
    """
    if name not in ALGORITHMS:
        ALGORITHMS[name] = dataclasses.replace(_ancestor(algorithm), implementation=algorithm)
    elif ALGORITHMS[name].implementation is not algorithm:
        raise ValueError(f"there is another algorithm of the name {name!r}")


def _ancestor(algorithm: type) -> AlgorithmSpec:
    for base in algorithm.__mro__:
        for spec in ALGORITHMS.values():
            if spec.implementation in (base, f"{base.__module__}:{base.__qualname__}"):
                return spec
    return AlgorithmSpec(algorithm)
