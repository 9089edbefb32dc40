"""A case of a parametrized test for `make test-slow` alone."""

import pytest


def slow(*values):
    """Mark a case as slow: one that resembles a quick case and takes as long."""
    return pytest.param(*values, marks=pytest.mark.slow)
