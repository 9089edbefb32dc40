"""The search spaces, by name."""

from collections.abc import Callable
from typing import Any

from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces.darts import DARTS
from snas_tf.architecture.spaces.nasbench201 import NASBENCH201

SPACES: dict[str, SearchSpace] = {space.name: space for space in (DARTS, NASBENCH201)}
"""The spaces that a configuration, a layer or a file may name."""

_VARIED: dict[str, Callable[[str], Any]] = {
    "operations": lambda text: text.split(","),
    "num_nodes": int,
}
"""What the name of a variant has besides that of its space, and how it is read."""


def get(name: str) -> SearchSpace:
    """Return the space of a name, which may be that of a variant, see `SearchSpace.vary`.

    Raises:
        ValueError: there is none.
        UserError: there is no such variant.
    """
    if name in SPACES:
        return SPACES[name]
    base, *settings = name.split(":")
    given = dict(setting.split("=", 1) for setting in settings if "=" in setting)
    if base not in SPACES or len(given) < len(settings) or given.keys() - _VARIED.keys():
        raise ValueError(f"unknown search space {name!r}, accepted: {', '.join(SPACES)}")
    return SPACES[base].vary(**{one: _VARIED[one](given[one]) for one in given})


def register(space: SearchSpace) -> SearchSpace:
    """Register a search space, and return it.

    Raises:
        ValueError: another space has this name.
    """
    if SPACES.setdefault(space.name, space) != space:
        raise ValueError(f"there is another search space of the name {space.name!r}")
    return space


__all__ = ["DARTS", "NASBENCH201", "SPACES", "get", "register"]
