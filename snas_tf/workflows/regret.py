"""Regret of searches by epoch: what the derived cell lacks to the best one of a benchmark."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from snas_tf import plots
from snas_tf.architecture import edge_text
from snas_tf.architecture.benchmark_table import BenchmarkTable
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.files import whole_files
from snas_tf.runs.run_directory import RunDirectory

Rows = Sequence[Mapping[str, Any]]


def read(table: BenchmarkTable, run: RunDirectory) -> Rows:
    """Look up the cells that a search derived after each epoch.

    Args:
        table: the benchmark.
        run: the directory of the search.

    Returns:
        For each epoch whose cell is kept its number, the text of the cell, and its regret in
        points of accuracy in each column.

    Raises:
        UserError: a genotype can't be read.
    """
    rows = []
    for path in sorted(run.genotypes.glob("epoch_*.json")):
        genotype = read_genotype(path)
        standings = table.look_up(genotype)
        rows.append(
            {
                "epoch": int(re.sub(r"\D", "", path.name)),
                "cell": edge_text.to_text(genotype),
                **{name: one.regret for name, one in standings.items()},
            }
        )
    return rows


def write(
    run: RunDirectory,
    table: BenchmarkTable,
    searches: Mapping[str, Mapping[int, Rows]],
    epochs: Mapping[str, int],
) -> None:
    """Write regret.csv and regret.png.

    Args:
        run: the directory that they are written into.
        table: the benchmark.
        searches: the rows of each label and seed.
        epochs: length of each label's searches.
    """
    rows = [
        {"algorithm": label, "seed": seed, **row}
        for label, seeds in searches.items()
        for seed, kept in seeds.items()
        for row in kept
    ]
    whole_files.write_rows(run.path / "regret.csv", rows)
    runs = {label: list(seeds.values()) for label, seeds in searches.items()}
    figure = plots.draw_regret(runs, epochs, _references(table))
    plots.save(figure, run.path / "regret.png")


def _references(table: BenchmarkTable) -> dict[str, dict[str, float]]:
    """The regrets that the curves are compared with: of a cell without a search, and of any."""
    uniform = table.look_up(table.uniform_cell)
    columns = table.test_columns
    return {
        f"every edge {table.uniform_operation}": {name: uniform[name].regret for name in columns},
        "mean of all cells": {
            name: uniform[name].optimum - table.best_of(1, name).mean for name in columns
        },
    }
