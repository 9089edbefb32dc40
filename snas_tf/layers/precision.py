"""The precision of the maps of a network."""

import keras

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}

PRECISIONS = tuple(_POLICIES)
"""Names of the types that a network can compute its maps in."""


def make_policy(precision: str) -> keras.DTypePolicy:
    """Make the policy of Keras of layers whose variables are float32 and whose maps may be shorter.

    Args:
        precision: type of the maps, and of the kernels where they meet them; one of `PRECISIONS`.

    Raises:
        ValueError: it is unknown.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {list(PRECISIONS)}, received: {precision}")
    return keras.DTypePolicy(_POLICIES[precision])
