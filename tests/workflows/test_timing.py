import time

import numpy as np

from snas_tf.workflows import timing


def test_calls_are_made_in_turn_and_the_fastest_of_a_round_counts():
    made, waits = [], iter([0.0, 0.03, 0.004, 0.03])

    def slow():
        made.append("slow")
        time.sleep(next(waits))

    def fast():
        made.append("fast")

    times = timing.alternate([slow, fast], range(1))
    assert times.shape == (1, 2)
    assert 4 <= times[0, 0] < 25
    assert times[0, 1] < 4
    assert made[:4] == ["slow"] * 4  # one for warm-up, then three
    assert made[4:] == ["fast"] * 31


def test_every_round_measures_every_call():
    count = []
    times = timing.alternate([lambda: count.append(1)], iter(range(3)))
    assert times.shape == (3, 1)
    assert np.all(times > 0)
    assert len(count) == 3 * 31


def test_the_median_is_that_of_calls_after_warm_up():
    waits = iter([0.05, 0.05, 0.05, *[0.002] * 50])
    assert 2 <= timing.median_milliseconds(lambda: time.sleep(next(waits))) < 20
