"""The figures of a comparison: of every run, and mean and deviation over the seeds."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from snas_tf.architecture.benchmark_table import BenchmarkTable
from snas_tf.architecture.genotype import count_operations
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import Comparison
from snas_tf.config.comparison import RANDOM
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows import benchmark
from snas_tf.workflows.comparison_runs import CHILD, SEARCH, Member, Outcomes

_SEARCHED = (
    *("search_valid_accuracy", "child_valid_accuracy"),
    *("child_parameters", "child_multiply_adds", "epochs", "steps", "seconds"),
)
_WHERE_KNOWN = ("cell", "child_latency_ms")
_TRAINED = {
    "test_error": "test_error",
    "valid_accuracy": "trained_valid_accuracy",
    "parameters": "trained_parameters",
    "multiply_adds": "trained_multiply_adds",
    "seconds": "trained_seconds",
}
_NAMES = ("label", "algorithm", "seed", "cell", "random_cell")
"""What identifies a run; the rest of it are figures."""


def summarize(
    comparison: Comparison, outcomes: Outcomes, table: BenchmarkTable | None = None
) -> dict[str, Any]:
    """Summarize a comparison, as compare.json has it.

    Args:
        comparison: what is compared.
        outcomes: what its runs gave.
        table: a benchmark in which the cells are looked up.

    Returns:
        "runs", the figures of each seed of each label; "labels", their means over the seeds, with
        `NAME_deviation`, that of a sample (n - 1), None with one seed; "missing", the runs that
        are not finished, with the reason; and with a table "benchmark", see `benchmark.references`.
    """
    runs = [
        *_searches(comparison, outcomes, table),
        *_best_random_cells(comparison, outcomes, table),
    ]
    labels = [
        _average(label, [run for run in runs if run["label"] == label])
        for label in comparison.labels
    ]
    missing = [{"run": one.name, "reason": why} for one, why in outcomes.failures.items()]
    compared = {} if table is None else {"benchmark": benchmark.references(table)}
    return {"runs": runs, "labels": labels, "missing": missing, **compared}


def _searches(
    comparison: Comparison, outcomes: Outcomes, table: BenchmarkTable | None
) -> Iterator[dict[str, Any]]:
    children = {
        (one.label, one.seed): result
        for one, result in outcomes.results.items()
        if one.part == CHILD
    }
    for member, result in outcomes.results.items():
        if member.part == SEARCH:
            config = comparison.searches[member.label]
            yield {
                "label": member.label,
                "algorithm": config.algorithm,
                "seed": member.seed,
                **_search_figures(member, result, config.search_space),
                **_trained_figures(children.get((member.label, member.seed), {})),
                **_looked_up(member, table),
            }


def _search_figures(
    member: Member, result: Mapping[str, Any], space: SearchSpace
) -> dict[str, Any]:
    genotype = read_genotype(RunDirectory(member.path).genotype)
    counts = {kind: count_operations(genotype.cell(kind), space) for kind in space.kinds}
    return {
        **{name: result[name] for name in _WHERE_KNOWN if name in result},
        **{name: result[name] for name in _SEARCHED},
        **{f"entropy_{kind}": result[f"entropy_{kind}"] for kind in counts},
        **{f"{name}_{kind}": counts[kind][name] for kind in counts for name in counts[kind]},
    }


def _trained_figures(result: Mapping[str, Any]) -> dict[str, Any]:
    return {new: result[name] for name, new in _TRAINED.items() if name in result}


def _looked_up(member: Member, table: BenchmarkTable | None) -> dict[str, Any]:
    """Look the cell of a run up: its accuracy and its rank in each column."""
    if table is None:
        return {}
    standings = table.look_up(read_genotype(RunDirectory(member.path).genotype))
    return {
        f"benchmark_{measure}_{name}": getattr(standing, measure)
        for measure in ("accuracy", "rank")
        for name, standing in standings.items()
    }


def _best_random_cells(
    comparison: Comparison, outcomes: Outcomes, table: BenchmarkTable | None
) -> Iterator[dict[str, Any]]:
    """Yield for each seed the cell with the best validation accuracy; where all are trained."""
    for seed in comparison.seeds:
        results = {
            one: result
            for one, result in outcomes.results.items()
            if (one.label, one.seed) == (RANDOM, seed)
        }
        if results and len(results) == comparison.random_children:
            best = max(results, key=lambda one: results[one]["valid_accuracy"])
            names = {"label": RANDOM, "algorithm": None, "seed": seed, "random_cell": best.part}
            yield {**names, **_trained_figures(results[best]), **_looked_up(best, table)}


def _average(label: str, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    averaged: dict[str, Any] = {"label": label, "seeds": [run["seed"] for run in runs]}
    names = dict.fromkeys(name for run in runs for name in run if name not in _NAMES)
    for name in names:
        known = [run[name] for run in runs if run.get(name) is not None]
        averaged[name] = statistics.mean(known) if known else None
        averaged[f"{name}_deviation"] = statistics.stdev(known) if len(known) > 1 else None
    return averaged
