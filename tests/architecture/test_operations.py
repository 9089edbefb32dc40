import dataclasses

import pytest

from snas_tf.architecture import operations
from snas_tf.architecture.cost import Cost
from snas_tf.architecture.operations import OPERATIONS


def test_an_operation_is_known_by_its_own_name():
    for name, operation in OPERATIONS.items():
        assert operation.name == name


def test_what_learns_kernels_is_told_from_what_does_not():
    without = {name for name, operation in OPERATIONS.items() if not operation.has_kernels}
    assert without == {"none", "skip_connect", "max_pool_3x3", "avg_pool_3x3", "max_pool_2x2"}


def test_a_registered_operation_is_known_and_its_name_is_taken(monkeypatch):
    monkeypatch.setattr(operations, "OPERATIONS", dict(OPERATIONS))
    wide = dataclasses.replace(OPERATIONS["sep_conv_7x7"], name="sep_conv_9x9")
    assert operations.register(wide) is operations.register(wide)
    assert operations.OPERATIONS["sep_conv_9x9"] is wide
    with pytest.raises(ValueError, match="another operation of the name 'sep_conv_9x9'"):
        operations.register(dataclasses.replace(wide, label="wide"))


class Applied:
    def apply(self):
        """As a layer has it."""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "my op"}, "name: received 'my op', accepted: letters, digits and _"),
        ({"name": None}, "name: received None, accepted: letters"),
        ({"layer": None}, "'mine': its layer, None, has no method apply, accepted: a subclass"),
        ({"layer": dict}, "'mine': its layer, dict, has no method apply, accepted: a subclass"),
        ({"cost": None}, "'mine': its cost is None, accepted: a function of channels, stride"),
        ({"cost": lambda *_: 3}, "'mine': its cost is 3, accepted: a function of channels, str"),
    ],
)
def test_an_operation_without_what_it_needs_is_refused(changes, message, monkeypatch):
    monkeypatch.setattr(operations, "OPERATIONS", dict(OPERATIONS))
    mine = operations.OperationSpec("mine", "other", "mine", lambda *_: Cost(), Applied)
    with pytest.raises(ValueError, match=message):
        operations.register(dataclasses.replace(mine, **changes))
    assert operations.OPERATIONS == OPERATIONS
    assert not operations.register(mine).has_kernels
