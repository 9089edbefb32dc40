"""The random generators that a process has once: seeded for a while, then as they were."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed Python's and NumPy's generators for as long as this lasts.

    Keras' initializers draw their seeds from Python's, so the same seed gives the same weights.
    `keras.utils.set_random_seed` would also change what the caller's own code draws afterwards,
    TensorFlow's global seed included, which nothing can put back.

    Args:
        seed: 0 to 2^32 - 1.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
