"""The tables of a comparison, in Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from snas_tf.config.comparison import RANDOM
from snas_tf.runs.progress import duration
from snas_tf.workflows import benchmark_tables
from snas_tf.workflows.markdown_table import format_table

_COUNTED = ("convolutions", "poolings", "skips", "zeros")

Column = Callable[[Mapping[str, Any]], str]
"""Formats a figure of a label."""


def make_tables(summary: Mapping[str, Any]) -> str:
    """Make the tables of what was searched, found and trained, and the list of what is missing.

    Args:
        summary: from `summarize`.
    """
    labels = summary["labels"]
    searched = [one for one in labels if one["label"] != RANDOM]
    kinds = _kinds(searched)
    parts = [
        "Mean over the seeds +- standard deviation (n - 1).",
        "## Searches",
        make_table(searched, _search_columns(kinds)),
        "## Found cells",
        make_table(searched, _cell_columns(kinds, searched)),
    ]
    if any("test_error" in one for one in labels):
        parts += ["## Children trained from scratch", make_table(labels, _training_columns())]
    if "benchmark" in summary:
        parts += benchmark_tables.make_sections(summary)
    if summary["missing"]:
        lines = [f"- {one['run']}: {one['reason']}" for one in summary["missing"]]
        parts += ["## Missing", "\n".join(lines), "The same command takes these up again."]
    return "\n\n".join(parts) + "\n"


def _kinds(labels: Sequence[Mapping[str, Any]]) -> list[str]:
    names = dict.fromkeys(name for one in labels for name in one)
    start, end = "entropy_", "_deviation"
    return [
        name.removeprefix(start)
        for name in names
        if name.startswith(start) and not name.endswith(end)
    ]


def _search_columns(kinds: Sequence[str]) -> dict[str, Column]:
    return {
        "algorithm": _label,
        "seeds": lambda one: str(len(one["seeds"])),
        "validation accuracy": _figure("search_valid_accuracy", ".3f"),
        "its child, same weights": _figure("child_valid_accuracy", ".3f"),
        **{f"entropy, {kind}": _figure(f"entropy_{kind}", ".2f") for kind in kinds},
        "time": lambda one: duration(one["seconds"]) if one.get("seconds") else "-",
    }


def _cell_columns(kinds: Sequence[str], labels: Sequence[Mapping[str, Any]]) -> dict[str, Column]:
    latency = {"latency, ms": _figure("child_latency_ms", ".3f")}
    has_latency = any(one.get("child_latency_ms") is not None for one in labels)
    return {
        "algorithm": _label,
        **{f"{kind}: conv / pool / skip / zero": _counts(kind) for kind in kinds},
        "parameters": _figure("child_parameters", ",.0f"),
        "multiply-adds": _figure("child_multiply_adds", ",.0f"),
        **(latency if has_latency else {}),
    }


def _training_columns() -> dict[str, Column]:
    return {
        "cells of": _label,
        "test error %": _figure("test_error", ".2f", 100),
        "validation accuracy": _figure("trained_valid_accuracy", ".3f"),
        "parameters": _figure("trained_parameters", ",.0f"),
        "multiply-adds": _figure("trained_multiply_adds", ",.0f"),
    }


def _label(one: Mapping[str, Any]) -> str:
    return one["label"]


def _figure(name: str, form: str, factor: float = 1) -> Column:
    def column(one: Mapping[str, Any]) -> str:
        mean, deviation = one.get(name), one.get(f"{name}_deviation")
        if mean is None:
            return "-"
        text = format(factor * mean, form)
        return text if deviation is None else f"{text} +- {format(factor * deviation, form)}"

    return column


def _counts(kind: str) -> Column:
    def column(one: Mapping[str, Any]) -> str:
        counts = [one.get(f"{name}_{kind}") for name in _COUNTED]
        known = [f"{count:.1f}".removesuffix(".0") for count in counts if count is not None]
        return " / ".join(known) or "-"

    return column


def make_table(labels: Sequence[Mapping[str, Any]], columns: Mapping[str, Column]) -> str:
    """Make a row for each label."""
    return format_table(
        list(columns), [[column(one) for column in columns.values()] for one in labels]
    )
