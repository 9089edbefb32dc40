import itertools

import pytest

from snas_tf.config import (
    ChildConfig,
    Choices,
    DataConfig,
    Interval,
    SearchConfig,
    TunerConfig,
    Tuning,
)
from snas_tf.errors import UserError

RATES = Choices("theta_learning_rate", {"0.1": 0.1, "0.2": 0.2})
ALGORITHMS = Choices("algorithm", {"snas": "snas", "darts": "darts"})
WEIGHTS = Interval("constraint_weight", 0.01, 1, log=True)
BOTH = {"algorithm": ALGORITHMS, "weight": WEIGHTS}


def tuning(sweeps, settings=(), child=None, **tuner):
    return Tuning(TunerConfig(**tuner), sweeps, dict(settings), child)


def test_a_trial_is_the_search_with_its_values_and_the_settings_of_all():
    made = tuning({"rate": RATES}, {"epochs": 7}).make_search({"rate": "0.2"})
    assert made == SearchConfig(epochs=7, theta_learning_rate=0.2)


def test_a_swept_algorithm_takes_the_settings_and_sweeps_that_it_has():
    one = tuning(BOTH, {"draws": 2, "darts_order": "2"})
    assert one.active("darts") == ["algorithm"]
    assert one.make_search({"algorithm": "darts"}) == SearchConfig(
        algorithm="darts", darts_order="2"
    )
    assert one.make_search({"algorithm": "snas", "weight": 0.123456}) == SearchConfig(
        draws=2, constraint_weight=0.1235
    )


def test_the_batch_size_may_vary_and_the_rest_of_the_images_stays():
    one = tuning({"batch_size": Choices("batch_size", {"8": 8, "16": 16})})
    data = DataConfig("digits", validation_fraction=0.2)
    assert one.make_data({"batch_size": "16"}, data) == DataConfig(
        "digits", batch_size=16, validation_fraction=0.2
    )
    assert one.make_search({"batch_size": "16"}) == SearchConfig()


def test_values_are_described_as_flags_take_them_in_the_order_of_the_sweeps():
    one = tuning({"weight": WEIGHTS, "rate": RATES})
    assert list(one.describe({"rate": "0.1", "weight": 0.0123456}).items()) == [
        ("weight", "0.01235"),
        ("rate", "0.1"),
    ]


def test_trials_are_twelve_or_all_combinations_where_there_are_fewer():
    assert tuning({"rate": RATES}).num_trials == 2
    cells = Interval("num_cells", 3, 9)
    assert tuning({"rate": RATES, "cells": cells}).combinations == 14
    assert tuning({"rate": RATES, "cells": cells}).num_trials == 12
    assert tuning({"rate": RATES, "cells": cells}, trials=14).num_trials == 14
    draws = Choices("draws", {"1": 1, "2": 2})
    conditional = tuning({"algorithm": ALGORITHMS, "draws": draws})
    assert conditional.combinations == 2 + 1


def test_corners_are_all_choices_and_both_ends_of_intervals():
    corners = list(tuning({"rate": RATES, "weight": WEIGHTS}).corners())
    assert [tuple(one.values()) for one in corners] == list(
        itertools.product(("0.1", "0.2"), (0.01, 1))
    )


TEMPERATURES = {
    "initial_temperature": Interval("initial_temperature", 0.5, 2),
    "final_temperature": Interval("final_temperature", 0.1, 1),
}


@pytest.mark.parametrize(
    ("arguments", "tuner", "message"),
    [
        (({},), {}, "`sweep`: none given"),
        (({"a": RATES, "b": RATES},), {}, "`sweep`=a:0.1,0.2: given twice"),
        (
            ({"darts_order": Choices("darts_order", {"1": "1", "2": "2"})},),
            {},
            "not a setting of `algorithm`=snas, accepted: with `algorithm`=darts",
        ),
        ((TEMPERATURES,), {}, "initial_temperature=0.5 final_temperature=1: `final_temperature`"),
        (({"weight": WEIGHTS}, {"target_parameters": 2e6}), {}, "given together with"),
        (({"rate": RATES},), {"trials": 3}, "`trials`=3: more than the 2 combinations"),
        (({"rate": RATES},), {"tuner": "hyperband", "trials": 3}, "`trials`=3: given with"),
        (({"rate": RATES}, {"epochs": 2}), {"tuner": "hyperband"}, "`epochs`=2: given with"),
        (
            ({"epochs": Interval("epochs", 3, 9)},),
            {"tuner": "hyperband"},
            "`sweep`=epochs:3:9: given with `tuner`=hyperband",
        ),
        (({"rate": RATES},), {"objective": "trained_valid_accuracy"}, "with `trial_epochs`"),
        (({"a": Choices("algorithm", {"x": "x", "snas": "snas"})},), {}, "`algorithm`=x: unknown"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, tuner, message):
    with pytest.raises(UserError) as error:
        tuning(*arguments, **tuner)
    assert message in str(error.value)


def test_a_trained_child_may_be_the_objective():
    tuning({"rate": RATES}, child=ChildConfig(epochs=1), objective="trained_valid_accuracy")
