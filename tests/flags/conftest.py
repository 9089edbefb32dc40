"""What a plugin registers is gone after the test."""

import sys

import pytest

from snas_tf.architecture import operations, spaces
from snas_tf.config import algorithms

REGISTRIES = (operations.OPERATIONS, spaces.SPACES, algorithms.ALGORITHMS)


@pytest.fixture(autouse=True)
def restored():
    """Every registry, and the modules of plugins, afterwards as before."""
    before = [dict(registry) for registry in REGISTRIES]
    yield
    for registry, content in zip(REGISTRIES, before, strict=True):
        registry.clear()
        registry.update(content)
    for name in [name for name in sys.modules if name.startswith("snas_plugin_")]:
        del sys.modules[name]
