import pytest

from snas_tf.data.image_errors import as_user_errors


def test_other_errors_pass_unchanged():
    with pytest.raises(KeyError), as_user_errors():
        raise KeyError
