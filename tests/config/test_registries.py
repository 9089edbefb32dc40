"""The names that a config accepts are those that something implements."""

import pytest

from snas_tf.config import SearchConfig, search
from snas_tf.config.export import EXPORT_FORMATS
from snas_tf.errors import UserError
from snas_tf.layers.stochastic_edge import RELAXATIONS
from snas_tf.penalty.estimator import ESTIMATORS
from snas_tf.penalty.scale import SCALES
from snas_tf.workflows.export import export
from snas_tf.workflows.export_formats import FORMATS


def test_every_name_is_implemented_and_every_implementation_is_named():
    assert tuple(RELAXATIONS) == search.RELAXATIONS
    assert tuple(ESTIMATORS) == search.PENALTY_ESTIMATORS
    assert tuple(SCALES) == search.PENALTY_SCALES
    assert tuple(FORMATS) == EXPORT_FORMATS


def test_an_unknown_algorithm_or_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match="`algorithm`=guessing: unknown, accepted: snas"):
        SearchConfig(algorithm="guessing")
    with pytest.raises(UserError, match="`file_format`=pb: unknown, accepted: saved_model, "):
        export(tmp_path / "run", "pb")
    assert not list(tmp_path.iterdir())
