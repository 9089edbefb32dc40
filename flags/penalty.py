"""Flags of the search's penalty on the cost of the child."""

from absl import flags

from snas_tf.config import SearchConfig
from snas_tf.config.accepted import accepted_values
from snas_tf.errors import UserError

from . import fields

CONSTRAINT_WEIGHTS = {"none": 0.0, "mild": 0.03, "moderate": 0.1, "aggressive": 0.3}
"""Weights for normalized costs, 1 for the most expensive child. The paper does not state its own;
these are calibrated in docs/results/constraint_levels.md."""

_MEANINGS = {
    "penalty_estimator": "Estimator of the penalty's gradient: exact, by reparameterization "
    "through the draw, or by policy gradient.",
    "penalty_baseline": "With policy_gradient: subtract the edge's expected cost from the reward.",
    "penalty_scale": "Cost of an edge: as it is (linear, Eq. 10), or its logarithm (log).",
    "parameters_weight": "Weight of the parameters in the cost; only the ratio of the "
    "weights counts.",
    "flops_weight": "Weight of the multiply-adds and poolings in the cost.",
    "memory_access_weight": "Weight of the memory access in the cost.",
    "latency_weight": "Weight in the cost of the latency by --latency_table.",
}
_TARGETS = {
    f"target_{measure}": f"{noun} that the found child shall have, at 20 cells, 36 channels, 32 x "
    "32 images and 10 classes; in place of --constraint and --constraint_weight."
    for measure, noun in (("parameters", "Parameters"), ("multiply_adds", "Multiply-adds"))
}
_TARGETS["target_latency_ms"] = (
    "Milliseconds that the found child shall take by --latency_table, in the network of that table;"
    " in place of --constraint and --constraint_weight."
)
ALTERNATIVES = ("constraint", "constraint_weight", *_TARGETS)
"""Flags of which one may be given."""


def define(values: flags.FlagValues, defaults: SearchConfig) -> None:
    """Define the flags.

    Args:
        values: what they are defined in.
        defaults: the defaults of the mode; those of --constraint and --constraint_weight are none.
    """
    flags.DEFINE_enum(
        "constraint",
        None,
        list(CONSTRAINT_WEIGHTS),
        "How strongly the search favors small cells; if not given, none.",
        flag_values=values,
    )
    flags.DEFINE(
        fields.NumberParser(accepted_values(SearchConfig)["constraint_weight"]),
        "constraint_weight",
        None,
        "Weight of the penalty, eta of Eq. 9, in place of a level of --constraint.",
        values,
    )
    fields.define(values, defaults, {**_MEANINGS, **_TARGETS})


def constraint_weight(values: flags.FlagValues) -> float:
    """Return the weight that --constraint or --constraint_weight asks for.

    Raises:
        UserError: more than one of these and of the targets is given, whatever its value.
    """
    # --constraint=none is no constraint: it takes back what a preset says.
    names = (name for name in ALTERNATIVES if values[name].value not in (None, "none"))
    given = [f"--{name}={values[name].value}" for name in names]
    if len(given) > 1:
        raise UserError(f"{given[-1]}: given together with {given[0]}, accepted: one of the two")
    if values.constraint_weight is not None:
        return values.constraint_weight
    return CONSTRAINT_WEIGHTS[values.constraint or "none"]


def name(values: flags.FlagValues) -> str:
    """Return what the penalty is called in the name of a run directory."""
    for target in _TARGETS:
        if values[target].value is not None:
            return f"{values[target].value:g}-{target.removeprefix('target_')}"
    if values.constraint_weight is not None:
        return f"{values.constraint_weight:g}"
    return values.constraint or "none"
