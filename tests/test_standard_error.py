"""Standard error, closed for a while."""

import os
import warnings

import pytest

from snas_tf import standard_error


def test_nothing_is_written_within_and_all_is_written_after(capfd):
    with standard_error.silenced():
        os.write(2, b"of a library in C\n")
        warnings.warn("of Python", stacklevel=1)
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_an_exception_passes_and_opens_it_again(capfd):
    with pytest.raises(ValueError, match="ours"), standard_error.silenced():
        raise ValueError("ours")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
