"""`--mode=evaluate`: a genotype trained from scratch, and tested."""

from typing import Any

from snas_tf import published
from snas_tf.config import DataConfig, EvaluationConfig, RunConfig
from snas_tf.evaluation import Evaluation
from snas_tf.training.progress import duration


def evaluate(
    config: EvaluationConfig,
    data_config: DataConfig,
    run_config: RunConfig,
    kind: type[Evaluation] = Evaluation,
) -> dict[str, Any]:
    """Trains and tests a child, or continues the run that `run_config.model_dir` holds.

    Args:
        config: the training's settings; with several seeds each has a run directory within.
        data_config: the images.
        run_config: where the run lives, and its first seed.
        kind: what does it.

    Returns:
        The content of result.json.

    Raises:
        UserError: the genotype, the images or the initial weights can't be had, or the run
            directory is not this run's.
    """
    return kind(config, data_config, run_config).run()


def report(
    result: dict[str, Any],
    config: EvaluationConfig,
    data_config: DataConfig,
    run_config: RunConfig,
) -> None:
    """Prints what was measured, beside what is published, and where to look at it."""
    error = percent(result, "test_error")
    if data_config.dataset == "cifar10":
        parameters = f"{result['parameters'] / 1e6:.2f}"
        ours = (f"{config.genotype} (this run)", error, parameters, "-")
        print(f"\n{published.CIFAR10.with_ours(ours)}")
    print(
        f"\ntest error           {error} %  the last epoch's weights\n"
        f"                     {percent(result, 'test_error_at_best_validation')} %  "
        "the weights of the best validation epoch\n"
        f"validation accuracy  {percent(result, 'valid_accuracy')} %  the last epoch's, "
        f"{percent(result, 'best_valid_accuracy')} %  the best\n{where(result, run_config)}",
        flush=True,
    )


def where(result: dict[str, Any], run_config: RunConfig) -> str:
    """The network's size, the time, and where the files are."""
    path = run_config.model_dir
    seeds = len(result.get("seeds", "."))
    files = path if seeds == 1 else path / f"seed_{run_config.seed}"
    exported = result["exported_weights"]
    return (
        f"network              {result['parameters']:,} parameters, "
        f"{result['multiply_adds']:,} multiply-adds\n"
        f"time                 {duration(result['seconds'])}\n"
        f"curves               {files / 'curves.png'}\n"
        f"SavedModel           {files / 'export'}  the {exported} epoch's weights\n"
        f"TensorBoard          tensorboard --logdir {path}"
    )


def percent(result: dict[str, Any], name: str) -> str:
    """A share in percent, with its deviation over the seeds if there are several."""
    if result[name] is None:
        return "-"
    deviation = result.get(f"{name}_deviation")
    text = f"{100 * result[name]:.2f}"
    return text if deviation is None else f"{text} +- {100 * deviation:.2f}"
