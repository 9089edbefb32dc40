"""The precision of the maps of a network."""

import keras


def make_policy(precision: str) -> keras.DTypePolicy:
    """Make the Keras policy for layers with float32 variables and maps that may be shorter.

    Args:
        precision: type of the maps, and of the kernels where they meet a map: "float32",
            "bfloat16" or "float16".

    Raises:
        ValueError: it is none of these.
    """
    return keras.DTypePolicy("float32" if precision == "float32" else f"mixed_{precision}")
