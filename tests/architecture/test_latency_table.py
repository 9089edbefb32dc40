import dataclasses

import pytest

from snas_tf.architecture import child_latency, zoo
from snas_tf.architecture.latency_table import Timing
from snas_tf.architecture.network_parts import Part
from snas_tf.errors import UserError
from tests.latency_tables import make_table


def test_a_part_that_is_not_there_takes_no_time_and_one_that_is_missing_is_named():
    table = dataclasses.replace(make_table(), source="t.json")
    assert table.latency(None) == 0
    with pytest.raises(UserError, match=r"^t.json: has no entry of operation sep_conv_3x3, 6 to 6"):
        table.latency(Part("operation", "sep_conv_3x3", 6, 6, (8, 8)))


def test_a_table_twice_as_slow_predicts_twice_the_time():
    table, genotype = make_table(), zoo.genotypes()["snas_mild"]
    expected = 2 * child_latency.predict(table, genotype)
    assert child_latency.predict(table.scaled(2), genotype) == pytest.approx(expected)
    spreads = [timing.spread for timing in table.timings.values()]
    assert [one.spread for one in table.scaled(2).timings.values()] == pytest.approx(spreads)


def test_a_part_that_takes_next_to_no_time_keeps_some():
    assert Timing(1e-6, 0.0, 1e-6).scaled(0.3) == Timing(1e-6, 0.0, 1e-6)
