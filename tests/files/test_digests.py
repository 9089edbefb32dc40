"""Digests tell whether files have changed."""

import hashlib

import pytest

from snas_tf.errors import UserError
from snas_tf.files.digests import digests


def test_a_digest_is_of_the_content_and_by_the_name_wherever_the_file_is(tmp_path):
    path = tmp_path / "in here" / "a.py"
    path.parent.mkdir()
    path.write_bytes(b"x = 1")
    assert digests([str(path)]) == {"a.py": hashlib.sha256(b"x = 1").hexdigest()[:16]}
    assert digests([]) == {}


def test_a_file_that_is_gone_is_named(tmp_path):
    with pytest.raises(UserError, match=r"gone\.py: can't be read \(No such file"):
        digests([str(tmp_path / "gone.py")])
