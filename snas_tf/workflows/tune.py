"""The sweep: searches with many settings, and the front of accuracy against cost."""

import os
import shlex
from typing import Any

from snas_tf import plots
from snas_tf.config import DataConfig, RunConfig, Tuning
from snas_tf.data.image_errors import as_user_errors
from snas_tf.files import whole_files
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.tuning.role import Role
from snas_tf.workflows import picking, tuning_hparams
from snas_tf.workflows.tuning_process import TuningProcess
from snas_tf.workflows.tuning_table import make_tables
from snas_tf.workflows.workflow import check_place


def tune(tuning: Tuning, data_config: DataConfig, run_config: RunConfig) -> dict[str, Any] | None:
    """Search with many settings, or continue the sweep that `run_config.model_dir` holds.

    Every trial has an ordinary run directory within. One that fails is named, and the others go on.
    Several processes share the trials where KerasTuner's environment variables say so: see
    `tuning.role`.

    Args:
        tuning: what is tuned.
        data_config: the images of all trials; test images are never read.
        run_config: the directory of the sweep, and the seed of every trial.

    Returns:
        The content of pareto.json, see `summarize`; None of a worker, whose chief sums up.

    Raises:
        UserError: the images can't be read or are too few, hyperband would draw more values than
            there are, the directory is of another run, or the environment can't be used.
    """
    role = Role.from_environment(os.environ)
    check_place(data_config, run_config)
    process = TuningProcess(tuning, data_config, run_config, role)
    if role.is_worker:
        with as_user_errors():
            process.work()
        return None
    run = RunDirectory(run_config.model_dir)
    with run.owned(), as_user_errors():
        summary = process.lead()
        _write(run, summary)
    return summary


def report(summary: dict[str, Any], run_config: RunConfig) -> None:
    """Print the table, and where to look at the rest."""
    path = run_config.model_dir
    print(
        f"\n{make_tables(summary)}\n"
        f"table        {path / 'pareto.md'}\n"
        f"figures      {path / picking.FILE}\n"
        f"picture      {path / 'pareto.png'}\n"
        f"TensorBoard  tensorboard --logdir {shlex.quote(str(path))}",
        flush=True,
    )


def _write(run: RunDirectory, summary: dict[str, Any]) -> None:
    figure = plots.draw_pareto(summary["trials"], summary["fronts"], picking.MEASURES)
    for kind in ("png", "svg"):
        plots.save(figure, run.path / f"pareto.{kind}")
    text = f"# Sweep\n\n{make_tables(summary)}\n![](pareto.png)\n"
    whole_files.write_text(run.path / "pareto.md", text)
    tuning_hparams.write(summary, run.tensorboard)
    # The file that says that the sweep is finished comes last.
    whole_files.write_json(run.path / picking.FILE, summary)
