"""The choice of a trial from a finished sweep."""

import pathlib
from collections.abc import Mapping
from typing import Any

from snas_tf.errors import UserError, format_setting, shorten_path
from snas_tf.files import text_files

FILE = "pareto.json"
MEASURES = {
    "parameters": "parameters",
    "multiply_adds": "multiply-adds",
    "latency_ms": "ms for one image",
}
"""What accuracy is weighed against, and what it is called."""

_MOST_BYTES = 64_000_000


def read(directory: pathlib.Path) -> dict[str, Any]:
    """Read the summary of a finished sweep.

    Raises:
        UserError: there is none, or it is damaged.
    """
    path = directory / FILE
    try:
        summary = text_files.read_json(path, _MOST_BYTES)
        if not isinstance(summary["trials"], list):
            raise ValueError("no list of trials")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{shorten_path(path)}: can't be read ({error}), accepted: in `model_dir`, a finished "
            "run of `kind`=tune"
        ) from error
    return summary


def pick(summary: Mapping[str, Any], measure: str, limit: float) -> dict[str, Any]:
    """Pick the most accurate trial under a limit; of equal ones the one with the least cost.

    Args:
        summary: the content of pareto.json.
        measure: one of `MEASURES`.
        limit: what it is less than.

    Raises:
        UserError: no trial is.
    """
    under = [one for one in summary["trials"] if one[measure] < limit]
    if not under:
        least = min((one[measure] for one in summary["trials"]), default=None)
        reason = "there is no trial" if least is None else f"the least is {least:g}"
        setting = format_setting("pick", f"{measure}<{limit:g}")
        raise UserError(f"{setting}: no trial is, {reason}, accepted: a higher limit")
    return max(under, key=lambda one: (one["accuracy"], -one[measure]))


def describe(trial: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Describe a trial in two lines.

    Args:
        trial: one of `summary["trials"]`.
        summary: the content of pareto.json.
    """
    settings = " ".join(f"{name}={value}" for name, value in trial["settings"].items())
    return (
        f"trial {trial['trial']}: {settings}\n"
        f"{summary['objective']} {trial['accuracy']:.4f}, {trial['parameters']:,} parameters, "
        f"{trial['multiply_adds']:,} multiply-adds, {trial['latency_ms']:.2f} ms"
    )
