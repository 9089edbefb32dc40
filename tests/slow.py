"""A case of a parametrized test for `make test-slow` alone."""

import pytest


def slow(*values):
    """Mark a case as slow: quick tests have most of its code, and it takes seconds."""
    return pytest.param(*values, marks=pytest.mark.slow)
