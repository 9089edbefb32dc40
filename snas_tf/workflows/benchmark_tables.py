"""The tables of a tabular benchmark: after a search, and in a comparison."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from snas_tf.workflows import published
from snas_tf.workflows.markdown_table import format_table


def format_found(figures: Mapping[str, Any]) -> str:
    """Format how a found cell stands, a line for each column of the benchmark.

    Args:
        figures: from `benchmark.figures`.
    """
    uniform = f"every edge {figures['uniform_operation']}"
    head = ["accuracy %", "this cell", f"rank of {figures['rows']:,}", "best cell", uniform]
    lines = [
        [
            name,
            _percent(one["accuracy"]),
            f"{one['rank']:,}",
            _percent(one["optimum"]),
            _percent(one["uniform_cell"]),
        ]
        for name, one in figures["columns"].items()
    ]
    return format_table(head, lines)


def format_seed(figures: Mapping[str, Any]) -> str:
    """Format the accuracies and ranks of a cell in the test columns in one line."""
    columns = figures["columns"]
    return "  ".join(
        f"{name} {_percent(columns[name]['accuracy'])} (rank {columns[name]['rank']:,})"
        for name in figures["test_columns"]
    )


def make_sections(summary: Mapping[str, Any]) -> list[str]:
    """Make the sections of a comparison: accuracies beside what they compare with, and ranks.

    Args:
        summary: from `comparison_summary.summarize`, with a benchmark.
    """
    benchmark = summary["benchmark"]
    columns = benchmark["test_columns"]
    found = [one for one in summary["labels"] if f"benchmark_rank_{columns[0]}" in one]
    rows = [
        *([one["label"], "this comparison", *_means(one, "accuracy", columns)] for one in found),
        *_reference_rows(benchmark, columns),
        *_published_rows(columns),
    ]
    ranks = [[one["label"], *_means(one, "rank", columns)] for one in found]
    return [
        "## Looked up in the table",
        f"Accuracy in percent, from a table of {benchmark['rows']:,} cells. Published searches had "
        "networks of full size and the images of CIFAR-10.",
        format_table(["cells of", "source", *columns], rows),
        f"Rank of {benchmark['rows']:,}, 1 for the best cell:",
        format_table(["cells of", *columns], ranks),
    ]


def _reference_rows(benchmark: Mapping[str, Any], columns: Sequence[str]) -> Iterator[list[str]]:
    uniform, optimum = benchmark["uniform_cell"], benchmark["optimum"]
    yield ["best cell", "table", *(_percent(optimum[name]) for name in columns)]
    accuracy = uniform["accuracy"]
    uniform_name = f"every edge {uniform['operation']}"
    yield [uniform_name, "table", *(_percent(accuracy[name]) for name in columns)]
    for one in benchmark["random_search"]:
        expected = [one["accuracy"][name] for name in columns]
        shown = [f"{_percent(each['mean'])} +- {_percent(each['deviation'])}" for each in expected]
        yield [_random_name(one), "table, exact", *shown]


def _random_name(search: Mapping[str, Any]) -> str:
    """Name a random search, by what it costs."""
    number, taken_by = search["cells"], search["taken_by"]
    if number == 1:
        return "random cell: 1 training"
    way = "by an oracle" if taken_by is None else f"by {taken_by}"
    return f"best of {number} random cells {way}: {number} trainings"


def _published_rows(columns: Sequence[str]) -> Iterator[list[str]]:
    """Yield the published rows in these columns; nothing where none is of them."""
    table = published.NASBENCH201
    if {*columns}.isdisjoint(table.head):
        return
    for row in table.rows:
        figures = dict(zip(table.head, row, strict=True))
        yield [row[0], "published", *(figures.get(name, "-") for name in columns)]


def _means(label: Mapping[str, Any], measure: str, columns: Sequence[str]) -> list[str]:
    return [_mean(label, f"benchmark_{measure}_{name}", measure == "rank") for name in columns]


def _mean(label: Mapping[str, Any], name: str, is_rank: bool) -> str:
    mean, deviation = label[name], label[f"{name}_deviation"]
    form = ",.0f" if is_rank else ".2f"
    if mean is None:
        return "-"
    return format(mean, form) + (f" +- {deviation:{form}}" if deviation is not None else "")


def _percent(value: float) -> str:
    return f"{value:.2f}"
