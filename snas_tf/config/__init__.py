"""Configs: the settings of a run, checked when they are created."""

from snas_tf.config.comparison import Comparison
from snas_tf.config.data import DataConfig
from snas_tf.config.export import ExportConfig
from snas_tf.config.latency import LatencyConfig
from snas_tf.config.run import RunConfig
from snas_tf.config.search import SearchConfig
from snas_tf.config.sweep import Choices, Interval
from snas_tf.config.training import ChildConfig, ImageNetConfig, TrainingConfig
from snas_tf.config.tuning import TunerConfig, Tuning

__all__ = [
    "ChildConfig",
    "Choices",
    "Comparison",
    "DataConfig",
    "ExportConfig",
    "ImageNetConfig",
    "Interval",
    "LatencyConfig",
    "RunConfig",
    "SearchConfig",
    "TrainingConfig",
    "TunerConfig",
    "Tuning",
]
