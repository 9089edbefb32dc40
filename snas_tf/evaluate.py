"""`--mode=evaluate`: a genotype trained from scratch, and tested."""

import dataclasses
import functools
import json
import statistics
from typing import Any

import keras

from snas_tf import export, plots, published
from snas_tf.architecture import cost, genotype, lookup
from snas_tf.architecture.genotype import Genotype
from snas_tf.config import DataConfig, EvaluationConfig, RunConfig
from snas_tf.data import datasets, pipeline
from snas_tf.data.datasets import Dataset
from snas_tf.errors import UserError
from snas_tf.models import description
from snas_tf.models.description import NetworkDescription
from snas_tf.models.folded import FoldedChild
from snas_tf.models.inheritance import inherit
from snas_tf.training import checkpoints, loop, runtime
from snas_tf.training.evaluation_model import EvaluationModel
from snas_tf.training.evaluation_monitor import EvaluationMonitor
from snas_tf.training.progress import duration
from snas_tf.training.run_directory import RunDirectory

_AVERAGED = (
    "test_error",
    "test_error_at_best_validation",
    "valid_accuracy",
    "best_valid_accuracy",
)


def evaluate(
    config: EvaluationConfig, data_config: DataConfig, run_config: RunConfig
) -> dict[str, Any]:
    """Trains and tests a child, or continues the run that `run_config.model_dir` holds.

    Args:
        config: the training's settings; with several seeds each has a run directory within.
        data_config: the images.
        run_config: where the run lives, and its first seed.

    Returns:
        The content of result.json.

    Raises:
        UserError: the genotype, the images or the initial weights can't be had, or the run
            directory is not this run's.
    """
    run = RunDirectory(run_config.model_dir)
    run.check(run_config.flags)
    if run.result.exists():
        return json.loads(run.result.read_text(encoding="utf-8"))
    if config.num_seeds == 1:
        return _run(config, data_config, run_config, run)
    run.open(run_config.flags, runtime.versions())
    results = []
    for seed in range(run_config.seed, run_config.seed + config.num_seeds):
        of_seed = RunConfig(
            run.path / f"seed_{seed}",
            seed,
            run_config.checkpoint_every_steps,
            {**run_config.flags, "seed": seed, "num_seeds": 1},
        )
        print(f"seed {seed}", flush=True)
        one = dataclasses.replace(config, num_seeds=1)
        results.append(evaluate(one, data_config, of_seed))
    result = average(results)
    run.write_json(run.result, result)
    return result


def _run(
    config: EvaluationConfig, data_config: DataConfig, run_config: RunConfig, run: RunDirectory
) -> dict[str, Any]:
    """One seed, from the images to the result."""
    found = lookup.find(config.genotype)
    _check_same(run, found)
    dataset = datasets.load(data_config, run_config.seed, with_test=True)
    described = _describe(config, dataset)
    strategy = runtime.strategy(data_config.batch_size)
    keras.utils.set_random_seed(run_config.seed)
    epoch_steps = pipeline.steps_per_epoch(dataset, data_config.batch_size)
    with strategy.scope():
        model = _build(config, described, found, config.epochs * epoch_steps, run_config.seed)
    run.open(run_config.flags, runtime.versions())
    run.write_text(run.network, described.to_json())
    run.write_text(run.genotype, genotype.to_json(found))
    plots.save_cells(found, run.path)
    batches = functools.partial(pipeline.evaluation_batches, batch_size=data_config.batch_size)
    validation = batches(dataset.validation) if len(dataset.validation) else None
    monitor = loop.train(
        model,
        EvaluationMonitor,
        functools.partial(
            pipeline.training_batches,
            dataset,
            data_config,
            run_config.seed,
            cutout_length=config.cutout_length,
        ),
        validation,
        epoch_steps,
        data_config.batch_size,
        run_config,
        run,
    )
    export.save_model(FoldedChild(model.network), described, run.export)
    test = batches(dataset.test) if dataset.test is not None else None
    result = _result(model, monitor, run, validation, test)
    plots.save(plots.draw_training_curves(monitor.rows, "evaluation"), run.path / "curves.png")
    run.write_json(run.result, result)
    return result


def _check_same(run: RunDirectory, found: Genotype) -> None:
    if run.genotype.exists() and lookup.read(run.genotype) != found:
        raise UserError(
            f"--genotype: not the one that the run in --model_dir={run.path} has, accepted: the "
            "same, to resume it, or another --model_dir"
        )


def _describe(config: EvaluationConfig, dataset: Dataset) -> NetworkDescription:
    """Of the network to train; that of the search whose weights it starts from has to agree."""
    described = NetworkDescription(
        config.num_cells,
        config.init_channels,
        dataset.image_size,
        dataset.class_names,
        *dataset.channel_statistics(),
    )
    if config.initial_weights is None:
        return described
    searched = description.read(RunDirectory(config.initial_weights).network)
    for field in ("num_cells", "init_channels", "image_size", "class_names"):
        ours, theirs = getattr(described, field), getattr(searched, field)
        if ours != theirs:
            raise UserError(
                f"--initial_weights={config.initial_weights}: was searched with {field} {theirs}, "
                f"received: {ours}, accepted: the same"
            )
    return searched


def _build(
    config: EvaluationConfig,
    described: NetworkDescription,
    found: Genotype,
    num_steps: int,
    seed: int,
) -> EvaluationModel:
    network = described.child(found, auxiliary=config.auxiliary_weight > 0)
    if config.initial_weights is not None:
        parent = described.parent()
        checkpoints.restore_network(parent, RunDirectory(config.initial_weights).checkpoints)
        inherit(network, parent)
    return EvaluationModel(network, config, num_steps, seed)


def _result(
    model: EvaluationModel,
    monitor: EvaluationMonitor,
    run: RunDirectory,
    validation: Any,
    test: Any,
) -> dict[str, Any]:
    """What was measured; the test images are looked at here and nowhere else."""
    network = model.network
    counted = cost.child(network.genotype, network.plans, network.num_classes)
    result = {
        "test_error": _error(model, test),
        "test_error_at_best_validation": None,
        "valid_accuracy": model.accuracy_of(validation) if validation else None,
        "best_valid_accuracy": None,
        "best_valid_epoch": None,
        "parameters": counted.parameters,
        "multiply_adds": counted.multiply_adds,
        "images_per_second": monitor.images_per_second(),
        "epochs": model.config.epochs,
        "steps": int(model.step.numpy()),
        "seconds": monitor.seconds(),
    }
    best = monitor.best_row()
    if best is not None:
        checkpoints.restore_network(network, run.best)
        result["test_error_at_best_validation"] = _error(model, test)
        result["best_valid_accuracy"] = best["valid_accuracy"]
        result["best_valid_epoch"] = int(best["epoch"])
    return result


def _error(model: EvaluationModel, test: Any) -> float | None:
    return None if test is None else 1 - model.accuracy_of(test)


def average(results: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of several seeds' results, `NAME_deviation` beside it, and all of them as "seeds".

    The deviation is that of a sample (n - 1); None where a seed has no such figure.
    """
    averaged = {**results[0], "seeds": results}
    for name in _AVERAGED:
        values = [result[name] for result in results]
        known = None not in values
        averaged[name] = statistics.mean(values) if known else None
        averaged[f"{name}_deviation"] = statistics.stdev(values) if known else None
    averaged["seconds"] = sum(result["seconds"] for result in results)
    del averaged["best_valid_epoch"]
    return averaged


def report(result: dict[str, Any], config: EvaluationConfig, run_config: RunConfig) -> None:
    """Prints what was measured, beside what is published, and where to look at it."""
    error = _percent(result, "test_error")
    if run_config.flags["dataset"] == "cifar10":
        ours = published.Row(
            f"{config.genotype} (this run)", error, f"{result['parameters'] / 1e6:.2f}", "-"
        )
        print(f"\nCIFAR-10\n{published.table(published.CIFAR10, ours)}")
    model_dir = run_config.model_dir
    print(
        f"\ntest error           {error} %  the last epoch's weights\n"
        f"                     {_percent(result, 'test_error_at_best_validation')} %  "
        "the weights of the best validation epoch\n"
        f"validation accuracy  {_percent(result, 'valid_accuracy')} %  the last epoch's, "
        f"{_percent(result, 'best_valid_accuracy')} %  the best\n"
        f"network              {result['parameters']:,} parameters, "
        f"{result['multiply_adds']:,} multiply-adds\n"
        f"time                 {duration(result['seconds'])}\n"
        f"curves               {model_dir / 'curves.png'}\n"
        f"SavedModel           {model_dir / 'export'}\n"
        f"TensorBoard          tensorboard --logdir {model_dir}",
        flush=True,
    )


def _percent(result: dict[str, Any], name: str) -> str:
    if result[name] is None:
        return "-"
    deviation = result.get(f"{name}_deviation")
    text = f"{100 * result[name]:.2f}"
    return text if deviation is None else f"{text} +- {100 * deviation:.2f}"
