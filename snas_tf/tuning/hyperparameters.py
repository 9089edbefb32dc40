"""The sweeps as hyperparameters of KerasTuner."""

import contextlib
from collections.abc import Mapping
from typing import Any

import keras_tuner

from snas_tf.config import Tuning
from snas_tf.config.sweep import Choices, Sweep

_ALGORITHM = "algorithm"
_PREVIOUS = "tuner/trial_id"
_EPOCHS = "tuner/epochs"


def make(tuning: Tuning) -> keras_tuner.HyperParameters:
    """Make the space of hyperparameters, which are called like the sweeps.

    A setting that not every swept algorithm has is a hyperparameter under the condition that the
    algorithm is one that has it.
    """
    space = keras_tuner.HyperParameters()
    names = sorted(tuning.sweeps, key=lambda name: name != _ALGORITHM)  # conditions come first
    for name in names:
        having = [one for one in tuning.algorithms if name in tuning.active(one)]
        conditional = len(having) < len(tuning.algorithms)
        scope = space.conditional_scope(_ALGORITHM, having)
        with scope if conditional else contextlib.nullcontext():
            _add(space, name, tuning.sweeps[name])
    return space


def _add(space: keras_tuner.HyperParameters, name: str, sweep: Sweep) -> None:
    if isinstance(sweep, Choices):
        space.Choice(name, list(sweep.levels))
        return
    sampling = "log" if sweep.log else "linear"
    if sweep.is_integer:
        step = None if sweep.log else sweep.step
        space.Int(name, int(sweep.low), int(sweep.high), step=step, sampling=sampling)
    else:
        space.Float(name, sweep.low, sweep.high, sampling=sampling)


def chosen(values: Mapping[str, Any], tuning: Tuning) -> dict[str, Any]:
    """Return the values of the sweeps, in their order, of those of a trial."""
    return {name: values[name] for name in tuning.sweeps if name in values}


def previous(values: Mapping[str, Any]) -> str | None:
    """Return which trial a trial of hyperband continues; None if it starts anew."""
    return values.get(_PREVIOUS)


def last_epoch(values: Mapping[str, Any]) -> int | None:
    """Return after which epoch a trial of hyperband pauses; None of another tuner."""
    return values.get(_EPOCHS)
