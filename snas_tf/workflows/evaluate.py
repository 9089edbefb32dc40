"""The evaluation of a genotype: training from scratch, and test."""

import shlex
from typing import Any

from snas_tf.config import ChildConfig, DataConfig, RunConfig
from snas_tf.runs.progress import duration
from snas_tf.workflows import published
from snas_tf.workflows.child_training import ChildTraining


def evaluate(
    config: ChildConfig,
    data_config: DataConfig,
    run_config: RunConfig,
    kind: type[ChildTraining] = ChildTraining,
) -> dict[str, Any]:
    """Train and test a child, or continue the run that `run_config.model_dir` holds.

    Args:
        config: the training's settings; with several seeds each has a run directory within.
        data_config: the images.
        run_config: the directory of the run, and its first seed.
        kind: class of the training.

    Returns:
        The content of result.json.

    Raises:
        UserError: the genotype, the images or the initial weights can't be read, or the run
            directory is of another run.
    """
    return kind(config, data_config, run_config).run()


def report(
    result: dict[str, Any],
    config: ChildConfig,
    data_config: DataConfig,
    run_config: RunConfig,
) -> None:
    """Print the result, below published ones, and the paths of the files."""
    if data_config.dataset == "cifar10":
        parameters = f"{result['parameters'] / 1e6:.2f}"
        ours = (
            f"{config.genotype} (this run)",
            format_percent(result, "test_error"),
            parameters,
            "-",
        )
        print(f"\n{published.CIFAR10.beside(ours, comparable_settings(config, data_config))}")
    no_test = "no test images" if result["test_error"] is None else ""
    no_validation = "no validation images" if result["valid_accuracy"] is None else ""
    no_epoch = no_validation or "no epoch was trained"
    print(
        f"\ntest error           {format_measured(result, 'test_error', no_test)}"
        "  the last epoch's weights\n"
        f"                     "
        f"{format_measured(result, 'test_error_at_best_validation', no_test or no_epoch)}"
        "  the weights of the best validation epoch\n"
        f"validation accuracy  {format_measured(result, 'valid_accuracy', no_validation)}"
        "  the last epoch's\n"
        f"                     {format_measured(result, 'best_valid_accuracy', no_epoch)}"
        f"  the best\n{format_summary(result, run_config)}",
        flush=True,
    )


def comparable_settings(config: ChildConfig, data_config: DataConfig) -> dict[str, float]:
    """Return the settings that decide whether a run is comparable with published ones."""
    return {
        "num_cells": config.num_cells,
        "init_channels": config.init_channels,
        "image_size": data_config.image_size or 32,
        "epochs": config.epochs,
        "validation_fraction": data_config.validation_fraction,
    }


def format_summary(result: dict[str, Any], run_config: RunConfig) -> str:
    """Format the network's size, the time, and the paths of the files."""
    path = run_config.model_dir
    seeds = len(result.get("seeds", "."))
    files = path if seeds == 1 else path / f"seed_{run_config.seed}"
    exported = result["exported_weights"]
    curves = f"curves               {files / 'curves.png'}\n" if result["epochs"] else ""
    return (
        f"network              {result['parameters']:,} parameters, "
        f"{result['multiply_adds']:,} multiply-adds\n"
        f"time                 {duration(result['seconds'])}\n"
        f"{curves}"
        f"SavedModel           {files / 'export'}  the {exported} epoch's weights\n"
        f"TensorBoard          tensorboard --logdir {shlex.quote(str(path))}"
    )


def format_measured(result: dict[str, Any], name: str, reason: str = "") -> str:
    """Format a share in percent, or the reason why there is none."""
    return (
        f"not measured: {reason}" if result[name] is None else f"{format_percent(result, name)} %"
    )


def format_percent(result: dict[str, Any], name: str) -> str:
    """Format a share in percent, with its deviation over several seeds."""
    if result[name] is None:
        return "-"
    deviation = result.get(f"{name}_deviation")
    text = f"{100 * result[name]:.2f}"
    return text if deviation is None else f"{text} +- {100 * deviation:.2f}"
