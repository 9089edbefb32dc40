"""Figures of a tabular benchmark: of found cells, and of what they are compared with."""

import dataclasses
from typing import Any

from snas_tf.architecture import edge_text
from snas_tf.architecture.benchmark_table import BenchmarkTable, Standing
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.config import RunConfig, SearchConfig
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows import regret

DRAWN = (1, 10, 100)
"""How many cells the random searches train that found cells are compared with."""


def record(
    table: BenchmarkTable, config: SearchConfig, run_config: RunConfig, result: dict[str, Any]
) -> dict[str, Any]:
    """Look up what a finished search found, and write it into its run directory.

    result.json gets the figures as "benchmark"; regret.csv and regret.png have the regret of the
    derived cell by epoch. Nothing is trained.

    Args:
        table: the benchmark.
        config: settings of the search.
        run_config: its directory.
        result: the content of result.json.

    Returns:
        The content of result.json.

    Raises:
        UserError: another process works in the directory, or a genotype in it can't be read.
    """
    run = RunDirectory(run_config.model_dir)
    runs = {run_config.seed: run}
    result = {**result, "benchmark": figures(table, read_genotype(run.genotype))}
    if "seeds" in result:
        seeds = range(run_config.seed, run_config.seed + len(result["seeds"]))
        runs = {seed: RunDirectory(run.path / f"seed_{seed}") for seed in seeds}
        result["seeds"] = [
            {**one, "benchmark": figures(table, read_genotype(runs[seed].genotype))}
            for seed, one in zip(seeds, result["seeds"], strict=True)
        ]
    by_seed = {seed: regret.read(table, one) for seed, one in runs.items()}
    with run.owned():
        if result != run.read_result():
            run.write_result(result)
        regret.write(run, table, {config.algorithm: by_seed}, {config.algorithm: config.epochs})
    return result


def figures(table: BenchmarkTable, genotype: Genotype) -> dict[str, Any]:
    """Describe how a cell stands in every column, and the cell that needs no search beside it.

    Returns:
        "rows", how many cells the table has; "test_columns", those of full trainings;
        "uniform_operation", the largest; and "columns": for each the cell's "accuracy" in percent,
        its "rank", the "optimum" and the "regret", with the accuracy of the "uniform_cell", which
        has the largest operation on every edge.
    """
    uniform = table.look_up(table.uniform_cell)
    return {
        "rows": len(table.rows),
        "test_columns": table.test_columns,
        "uniform_operation": table.uniform_operation,
        "columns": {
            name: {**_as_json(one), "uniform_cell": uniform[name].accuracy}
            for name, one in table.look_up(genotype).items()
        },
    }


def references(table: BenchmarkTable) -> dict[str, Any]:
    """Describe what found cells are compared with.

    Returns:
        "rows", how many cells the table has; "test_columns", those of full trainings; "optimum",
        the best accuracy in percent of each column; "uniform_cell", the text and the accuracies of
        the cell that has the largest operation on every edge; "random_search", what the best of
        some cells is expected to have, with how many "cells" are trained and by which column one
        is "taken_by", None for an oracle.
    """
    uniform = table.look_up(table.uniform_cell)
    return {
        "rows": len(table.rows),
        "test_columns": table.test_columns,
        "optimum": {name: one.optimum for name, one in uniform.items()},
        "uniform_cell": {
            "operation": table.uniform_operation,
            "cell": edge_text.to_text(table.uniform_cell),
            "accuracy": {name: one.accuracy for name, one in uniform.items()},
        },
        "random_search": [
            {"cells": number, "taken_by": taken_by, "accuracy": _random(table, number, taken_by)}
            for number, taken_by in _random_searches(table)
        ],
    }


def _random_searches(table: BenchmarkTable) -> list[tuple[int, str | None]]:
    """List the random searches: how many cells they train, and by what they take one."""
    by = table.validation_column
    numbers = [number for number in DRAWN if number <= len(table.rows)]
    judged = [(number, by) for number in numbers if by is not None]
    return judged + [(number, None) for number in numbers if by is None or number > 1]


def _random(table: BenchmarkTable, number: int, taken_by: str | None) -> dict[str, Any]:
    return {
        name: dataclasses.asdict(table.best_of(number, name, taken_by)) for name in table.accuracies
    }


def _as_json(standing: Standing) -> dict[str, float]:
    return {**dataclasses.asdict(standing), "regret": standing.regret}
