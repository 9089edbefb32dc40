"""Faults that take a few seconds; `python tools/inject_faults.py` injects all of them."""

import pytest

from tools.faults import damage, signals
from tools.faults.fault import LOST
from tools.faults.workplace import Workplace

QUICK = [fault for room in (signals, damage) for fault in room.faults() if fault.quick]


@pytest.mark.parametrize("fault", QUICK, ids=[fault.name for fault in QUICK])
def test_nothing_is_lost(fault, tmp_path):
    place = Workplace(tmp_path)
    place.enter(fault.name)
    outcome = fault.inject(place)
    assert outcome.kind != LOST, outcome.words
