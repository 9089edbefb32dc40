"""The search spaces, by name."""

from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces.darts import DARTS
from snas_tf.architecture.spaces.nasbench201 import NASBENCH201

SPACES: dict[str, SearchSpace] = {space.name: space for space in (DARTS, NASBENCH201)}
"""The spaces that a configuration, a layer or a file may name."""


def get(name: str) -> SearchSpace:
    """Return the space of a name.

    Raises:
        ValueError: there is none.
    """
    if name not in SPACES:
        raise ValueError(f"unknown search space {name!r}, accepted: {', '.join(SPACES)}")
    return SPACES[name]


def register(space: SearchSpace) -> SearchSpace:
    """Register a search space, and return it.

    Raises:
        ValueError: another space has this name.
    """
    if SPACES.setdefault(space.name, space) != space:
        raise ValueError(f"there is another search space of the name {space.name!r}")
    return space


__all__ = ["DARTS", "NASBENCH201", "SPACES", "get", "register"]
