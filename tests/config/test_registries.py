"""The names that a config accepts are those that something implements."""

from snas_tf.config import search, training
from snas_tf.layers.stochastic_edge import RELAXATIONS
from snas_tf.penalty.estimator import ESTIMATORS
from snas_tf.penalty.scale import SCALES
from snas_tf.workflows.export import FORMATS


def test_every_name_is_implemented_and_every_implementation_is_named():
    assert tuple(RELAXATIONS) == search.RELAXATIONS
    assert tuple(ESTIMATORS) == search.PENALTY_ESTIMATORS
    assert tuple(SCALES) == search.PENALTY_SCALES
    assert tuple(FORMATS) == training.EXPORT_FORMATS
