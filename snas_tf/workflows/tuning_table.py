"""The table of a sweep, in Markdown."""

from collections.abc import Mapping
from typing import Any

from snas_tf.workflows.comparison_table import Column, make_table


def make_tables(summary: Mapping[str, Any]) -> str:
    """Make the table of the trials, the best first, and the list of those that failed.

    Args:
        summary: from `summarize`.
    """
    rows = sorted(summary["trials"], key=lambda one: (-one["accuracy"], one["parameters"]))
    names = dict.fromkeys(name for one in rows for name in one["settings"])
    parts = [
        f"Accuracy is {summary['objective']}. P, M and L mark the fronts of parameters, "
        f"multiply-adds and latency; latency is of one image on {summary['machine']}.",
        make_table(rows, _columns(list(names), summary)),
    ]
    if summary["failed"]:
        lines = [
            f"- trial {one['trial']} ({_join(one['settings'])}): {one['reason']}"
            for one in summary["failed"]
        ]
        parts += ["## Failed", "\n".join(lines)]
    if not summary["complete"]:
        parts.append("Not all trials are finished; the same command goes on.")
    return "\n\n".join(parts) + "\n"


def _columns(names: list[str], summary: Mapping[str, Any]) -> dict[str, Column]:
    def setting(name: str) -> Column:
        return lambda one: one["settings"].get(name, "-")

    return {
        "trial": lambda one: str(one["trial"]),
        **{name: setting(name) for name in names},
        "epochs": lambda one: str(one["epochs"]),
        "accuracy": lambda one: f"{one['accuracy']:.4f}",
        "parameters": lambda one: f"{one['parameters']:,}",
        "multiply-adds": lambda one: f"{one['multiply_adds']:,}",
        "latency ms": lambda one: f"{one['latency_ms']:.2f}",
        "front": lambda one: _marks(one["trial"], summary["fronts"]),
    }


def _marks(trial: int, fronts: Mapping[str, Any]) -> str:
    return " ".join(measure[0].upper() for measure in fronts if trial in fronts[measure])


def _join(settings: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())
