"""What a run has measured of its trained child; test_export.py has its loading."""

import json

import pytest

from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows.trained_child import TrainedChild

RESULT = {
    "valid_accuracy": 0.8,
    "best_valid_accuracy": 0.9,
    "test_error": 0.25,
    "test_error_at_best_validation": None,
}


@pytest.mark.parametrize(
    ("weights", "result", "expected"),
    [
        ("last", RESULT, {"valid_accuracy": 0.8, "test_error": 0.25}),
        ("best", RESULT, {"valid_accuracy": 0.9, "test_error": None}),
        ("last", None, {"valid_accuracy": None, "test_error": None}),
    ],
)
def test_what_was_measured_is_that_of_the_same_weights(tmp_path, weights, result, expected):
    if result is not None:
        (tmp_path / "result.json").write_text(json.dumps(result))
    child = TrainedChild(RunDirectory(tmp_path), None, None, None, None, weights)
    assert child.measured() == expected
