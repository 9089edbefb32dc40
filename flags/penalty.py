"""Flags of the search's penalty on the cost of the child."""

import math
from typing import Any

from absl import flags

from flags import training
from snas_tf.architecture import child_size
from snas_tf.config import SearchConfig
from snas_tf.errors import UserError

CONSTRAINT_WEIGHTS = {"none": 0.0, "mild": 0.03, "moderate": 0.1, "aggressive": 0.3}
"""The paper gives no weights: calibrated in docs/constraint.md."""

_ESTIMATORS = ("expectation", "reparameterization", "policy_gradient")
_SCALES = ("linear", "log")
_CRITERIA = {
    "parameters_weight": "Of the parameters in the cost; only the ratio of the three counts.",
    "flops_weight": "Of the multiply-adds and poolings in the cost.",
    "memory_access_weight": "Of the memory access in the cost.",
}
_TARGETS = {
    "target_parameters": "Parameters",
    "target_multiply_adds": "Multiply-adds",
}


def define(values: flags.FlagValues) -> None:
    """Defines the flags; every default is that of `SearchConfig`."""
    defaults = SearchConfig()
    flags.DEFINE_enum(
        "constraint",
        None,
        list(CONSTRAINT_WEIGHTS),
        "How hard the search is pressed towards small cells; if not given, none.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "constraint_weight",
        None,
        "The weight eta of Eq. 9 itself, in place of a --constraint.",
        flag_values=values,
    )
    training.accept(values, "constraint_weight", training.finite_and_not_negative, ">= 0")
    flags.DEFINE_enum(
        "penalty_estimator",
        defaults.penalty_estimator,
        _ESTIMATORS,
        "How the penalty's gradient is had: exactly, through the draw, or by policy gradient.",
        flag_values=values,
    )
    flags.DEFINE_boolean(
        "penalty_baseline",
        defaults.penalty_baseline,
        "With policy_gradient: compare rewards with the edge's expected cost.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "penalty_scale",
        defaults.penalty_scale,
        _SCALES,
        "The cost of an edge as it is (Eq. 10), or its logarithm.",
        flag_values=values,
    )
    training.define_numbers(values, _CRITERIA, defaults)
    for name, meaning in _TARGETS.items():
        flags.DEFINE_float(
            name,
            getattr(defaults, name),
            f"{meaning} of the child at 20 cells, 36 channels, 32 x 32 images and 10 classes; "
            "finds the weight, in place of --constraint and --constraint_weight.",
            flag_values=values,
        )
        training.accept(values, name, _positive, "a number, > 0")


def _positive(value: float | None) -> bool:
    return value is None or (math.isfinite(value) and value > 0)


def values_of(values: flags.FlagValues) -> dict[str, Any]:
    """The penalty's fields of `SearchConfig`.

    Raises:
        UserError: more than one of --constraint, --constraint_weight and the targets is given,
            no criterion has a weight, there is a baseline without policy gradient, or no child has
            the target's size.
    """
    _check_one_of(values, "constraint", "constraint_weight", *_TARGETS)
    _check_criteria(values)
    _check_baseline(values)
    _check_targets(values)
    names = ("penalty_estimator", "penalty_baseline", "penalty_scale", *_CRITERIA, *_TARGETS)
    return {
        "constraint_weight": _constraint_weight(values),
        **{name: getattr(values, name) for name in names},
    }


def _check_one_of(values: flags.FlagValues, *names: str) -> None:
    # --constraint=none is no constraint: it takes back what a preset says.
    given = {name: values[name].value for name in names if values[name].value not in (None, "none")}
    if len(given) > 1:
        first, *_, last = (f"--{name}={value}" for name, value in given.items())
        raise UserError(f"{last}: given together with {first}, accepted: one of the two")


def _check_criteria(values: flags.FlagValues) -> None:
    if not any(values[name].value for name in _CRITERIA):
        names = ", ".join(f"--{name}=0" for name in _CRITERIA)
        raise UserError(f"{names}: nothing costs anything, accepted: at least one > 0")


def _check_targets(values: flags.FlagValues) -> None:
    for measure in child_size.MEASURES:
        target = getattr(values, f"target_{measure}")
        if target is not None:
            child_size.check_target(measure, target)


def _check_baseline(values: flags.FlagValues) -> None:
    if values.penalty_baseline and values.penalty_estimator != "policy_gradient":
        raise UserError(
            f"--penalty_baseline: given with --penalty_estimator={values.penalty_estimator}, "
            "accepted: with --penalty_estimator=policy_gradient"
        )


def _constraint_weight(values: flags.FlagValues) -> float:
    if values.constraint_weight is None:
        return CONSTRAINT_WEIGHTS[values.constraint or "none"]
    return values.constraint_weight


def name(values: flags.FlagValues) -> str:
    """What the penalty is called in the name of a run directory."""
    for target in _TARGETS:
        if values[target].value is not None:
            return f"{values[target].value:g}-{target.removeprefix('target_')}"
    if values.constraint_weight is not None:
        return f"{values.constraint_weight:g}"
    return values.constraint or "none"
