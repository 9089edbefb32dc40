import json

import pytest

from snas_tf.errors import UserError
from snas_tf.workflows import picking


def trial(number, accuracy, parameters, latency=1.0):
    return {
        "trial": number,
        "settings": {"constraint_weight": "0.1", "epochs": "3"},
        "accuracy": accuracy,
        "parameters": parameters,
        "multiply_adds": 10 * parameters,
        "latency_ms": latency,
    }


SUMMARY = {
    "objective": "child_valid_accuracy",
    "trials": [trial(1, 0.9, 2000), trial(2, 0.5, 900), trial(3, 0.5, 800, 0.2), trial(4, 0.1, 9)],
}


@pytest.mark.parametrize(
    ("measure", "limit", "number"),
    [
        ("parameters", 1e6, 1),
        ("parameters", 2000, 3),  # less than the limit, and the cheaper one of two
        ("parameters", 800, 4),
        ("multiply_adds", 20_001, 1),
        ("latency_ms", 0.5, 3),
    ],
)
def test_the_most_accurate_under_the_limit_is_picked(measure, limit, number):
    assert picking.pick(SUMMARY, measure, limit)["trial"] == number


def test_a_limit_that_no_trial_keeps_is_refused_with_the_least():
    with pytest.raises(UserError, match=r"^`pick`=parameters<9: no trial is, the least is 9, acc"):
        picking.pick(SUMMARY, "parameters", 9)
    with pytest.raises(UserError, match="there is no trial"):
        picking.pick({**SUMMARY, "trials": []}, "parameters", 9)


def test_a_trial_is_described_with_its_settings_and_figures():
    text = picking.describe(SUMMARY["trials"][0], SUMMARY)
    assert text.splitlines() == [
        "trial 1: constraint_weight=0.1 epochs=3",
        "child_valid_accuracy 0.9000, 2,000 parameters, 20,000 multiply-adds, 1.00 ms",
    ]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"trials": 3}', "{}"])
def test_a_directory_without_a_finished_sweep_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / picking.FILE).write_text(content)
    with pytest.raises(UserError, match=r"pareto\.json: can't be read .*`kind`=tune"):
        picking.read(tmp_path)


def test_what_is_read_is_what_was_written(tmp_path):
    (tmp_path / picking.FILE).write_text(json.dumps(SUMMARY))
    assert picking.read(tmp_path) == SUMMARY
