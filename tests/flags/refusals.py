"""What a user reads where flags are refused."""

import pytest

from flags import wording
from snas_tf.errors import UserError


def refusal(capsys, read):
    """The line with which `read()` refuses flags, by the parser or afterwards."""
    try:
        read()
    except UserError as error:
        return wording.to_flags(str(error))
    except SystemExit:
        (line,) = capsys.readouterr().err.splitlines()
        return line
    pytest.fail("accepted")
