"""Checks of a search's config: that its settings go together."""

import itertools
from typing import TYPE_CHECKING

from snas_tf.architecture import child_latency, child_size
from snas_tf.config import algorithms
from snas_tf.errors import UserError, format_setting

if TYPE_CHECKING:
    from snas_tf.config.search import SearchConfig

_CRITERIA_WEIGHTS = (
    "parameters_weight",
    "flops_weight",
    "memory_access_weight",
    "latency_weight",
)
_TARGETS = ("target_parameters", "target_multiply_adds", "target_latency_ms")


def check(config: "SearchConfig", spec: algorithms.AlgorithmSpec) -> None:
    """Check that settings, each of which is accepted, go together.

    Args:
        config: the search's settings.
        spec: its algorithm.

    Raises:
        UserError: they do not; see `SearchConfig`.
    """
    if config.epochs < 1:
        raise UserError(f"`epochs`={config.epochs}: nothing to search with, accepted: 1 or more")
    _check_space(config, spec)
    _check_division(config)
    _check_temperature(config)
    _check_population(config, spec)
    _check_estimator(config)
    _check_criteria(config)
    _check_targets(config)
    _check_latency(config)
    _check_compilation(config, spec)


def _check_compilation(config: "SearchConfig", spec: algorithms.AlgorithmSpec) -> None:
    if not config.jit_compile:
        return
    if config.skip_threshold:
        raise UserError(
            "`jit_compile`=True: compiles no operations that run at times, accepted: with "
            "`skip_threshold`=0"
        )
    if not spec.compiles:
        raise UserError(
            f"`jit_compile`=True: XLA lacks an operation of `algorithm`={config.algorithm}, "
            "accepted: with another algorithm"
        )


def _check_division(config: "SearchConfig") -> None:
    divided = algorithms.DEFAULTS["architecture_fraction"]
    if config.darts_order == "single_level" and config.architecture_fraction != divided:
        raise UserError(
            f"`architecture_fraction`={config.architecture_fraction:g}: given with "
            "`darts_order`=single_level, which divides no images, accepted: with 1 or 2"
        )


def _check_temperature(config: "SearchConfig") -> None:
    if config.final_temperature > config.initial_temperature:
        raise UserError(
            f"`final_temperature`={config.final_temperature:g}: above `initial_temperature`="
            f"{config.initial_temperature:g}, accepted: the same or less"
        )


def _check_space(config: "SearchConfig", spec: algorithms.AlgorithmSpec) -> None:
    if spec.drops_edges and config.search_space.zero is None:
        name = "space" if config.operations is None else "operations"
        raise UserError(
            f"{format_setting(name, getattr(config, name))}: has no operation none, without "
            f"which `algorithm`={config.algorithm} can't drop edges, accepted: one that has it"
        )


def _check_population(config: "SearchConfig", spec: algorithms.AlgorithmSpec) -> None:
    names = ("tournament_size", "population_size", "derivation_samples")
    for smaller, larger in itertools.pairwise(name for name in names if spec.has(name)):
        value, most = getattr(config, smaller), getattr(config, larger)
        if value > most:
            raise UserError(
                f"`{smaller}`={value}: more than `{larger}`={most}, accepted: at most as many"
            )


def _check_estimator(config: "SearchConfig") -> None:
    if config.relaxation == "one_hot" and config.penalty_estimator != "expectation":
        raise UserError(
            f"`penalty_estimator`={config.penalty_estimator}: samples relaxed draws, which "
            "`relaxation`=one_hot does not have, accepted: expectation"
        )
    if config.penalty_baseline and config.penalty_estimator != "policy_gradient":
        raise UserError(
            f"`penalty_baseline`=True: given with `penalty_estimator`="
            f"{config.penalty_estimator}, accepted: with `penalty_estimator`=policy_gradient"
        )


def _check_criteria(config: "SearchConfig") -> None:
    if not any(getattr(config, name) for name in _CRITERIA_WEIGHTS):
        names = ", ".join(f"`{name}`=0" for name in _CRITERIA_WEIGHTS)
        raise UserError(f"{names}: nothing costs anything, accepted: at least one > 0")


def _check_targets(config: "SearchConfig") -> None:
    weights = ("constraint_weight", *_TARGETS)
    given = [format_setting(one, getattr(config, one)) for one in weights if getattr(config, one)]
    if len(given) > 1:
        raise UserError(f"{given[-1]}: given together with {given[0]}, accepted: one of the two")
    for measure in child_size.MEASURES:
        target = getattr(config, f"target_{measure}")
        if target is not None:
            child_size.check_target(measure, target, config.search_space, config.stem)


def _check_latency(config: "SearchConfig") -> None:
    table, needing = config.read_latency_table(), ("latency_weight", "target_latency_ms")
    if table is None:
        for name in (name for name in needing if getattr(config, name)):
            raise UserError(
                f"{format_setting(name, getattr(config, name))}: needs the latencies of this "
                "machine, accepted: with `latency_table`, a file of `kind`=latency"
            )
        return
    if table.space != config.space:
        raise UserError(
            f"{format_setting('latency_table', config.latency_table)}: space {table.space}, "
            f"accepted: a table of {format_setting('space', config.space)}"
        )
    child_latency.check_target(table, config.search_space, config.target_latency_ms)
