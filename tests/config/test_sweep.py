import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snas_tf.config import Choices, Interval
from snas_tf.errors import UserError


@given(st.floats(1e-6, 1e3), st.floats(1.001, 1e3), st.floats(0, 1))
def test_a_number_of_an_interval_is_within_it_and_exact_as_it_is_printed(low, factor, share):
    interval = Interval("theta_learning_rate", low, low * factor)
    value = interval.value(low + share * (low * factor - low))
    assert interval.low <= value <= interval.high
    assert value in (interval.low, interval.high) or float(f"{value:g}") == value


def test_integers_stay_integers_and_even_where_the_setting_accepts_no_others():
    assert Interval("num_cells", 3, 9).value(9.0) == 9
    assert type(Interval("num_cells", 3, 9, log=True).value(10)) is int  # the end of its draw
    assert Interval("num_cells", 3, 9, log=True).value(10) == 9
    assert Interval("init_channels", 4, 10).step == 2
    assert Interval("init_channels", 4, 10).count == 4


def test_an_interval_of_numbers_has_no_count_and_is_checked_at_its_ends():
    interval = Interval("theta_learning_rate", 0.01, 1, log=True)
    assert interval.count == math.inf
    assert tuple(interval.ends) == (0.01, 1)
    assert str(interval) == "0.01:1:log"


def test_choices_are_the_values_of_their_names():
    choices = Choices("constraint_weight", {"none": 0, "mild": 0.03})
    assert choices.value("mild") == 0.03
    assert (choices.count, list(choices.ends), str(choices)) == (2, ["none", "mild"], "none,mild")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Interval("epochs", 5, 5), "`sweep`=epochs:5:5: empty, accepted: the least first"),
        (lambda: Interval("epochs", 9, 5), "`sweep`=epochs:9:5: empty"),
        (lambda: Interval("theta_momentum", 0.5, 1), "`sweep`=theta_momentum:1: out of range"),
        (lambda: Interval("constraint_weight", 0, 1, True), ":0:1:log: no logarithm"),
        (lambda: Interval("init_channels", 2, 8, True), "even numbers, accepted: without log"),
        (lambda: Interval("relaxation", 0, 1), "no number, accepted: values"),
        (lambda: Interval("num_seeds", 1, 3), "`sweep`=num_seeds: may not vary"),
        (lambda: Interval("validation_fraction", 0.1, 0.3), "may not vary"),
        (lambda: Choices("draws", {"1": 1}), "`sweep`=draws:1: accepted: two or more values"),
        (lambda: Choices("draws", {"1": 1, "01": 1}), "none twice"),
        (lambda: Choices("batch_size", {"a": 0, "b": 8}), "`sweep`=batch_size:0: out of range"),
        (lambda: Choices("relaxation", {"a": "a", "b": "b"}), "relaxation:a: unknown, accepted: c"),
    ],
)
def test_what_is_no_sweep_is_refused(make, message):
    with pytest.raises(UserError) as error:
        make()
    assert message in str(error.value)
