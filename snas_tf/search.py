"""`--mode=search`: from images to a cell."""

import json
import pathlib
from typing import Any

import keras
import numpy as np

from snas_tf import plots
from snas_tf.architecture import cost, genotype, space
from snas_tf.config import DataConfig, RunConfig, SearchConfig
from snas_tf.data import datasets, pipeline
from snas_tf.models.parent import ParentNetwork
from snas_tf.training import runtime
from snas_tf.training.checkpoints import Checkpoints
from snas_tf.training.progress import Progress, duration
from snas_tf.training.run_directory import RunDirectory
from snas_tf.training.search_model import SearchModel
from snas_tf.training.search_monitor import SearchMonitor


def search(config: SearchConfig, data_config: DataConfig, run_config: RunConfig) -> dict[str, Any]:
    """Searches a cell, or continues the search that `run_config.model_dir` holds.

    Args:
        config: the search's settings.
        data_config: the images.
        run_config: where the run lives, and its seed.

    Returns:
        The content of result.json.

    Raises:
        UserError: the images can't be had, or the run directory is not this run's.
    """
    run = RunDirectory(run_config.model_dir)
    run.check(run_config.flags)
    if run.result.exists():
        return json.loads(run.result.read_text(encoding="utf-8"))
    dataset = datasets.load(data_config, run_config.seed)
    strategy = runtime.strategy(data_config.batch_size)
    run.open(run_config.flags, runtime.versions())
    keras.utils.set_random_seed(run_config.seed)
    steps_per_epoch = pipeline.steps_per_epoch(dataset, data_config.batch_size)
    with strategy.scope():
        model = build_model(config, dataset, config.epochs * steps_per_epoch, run_config.seed)
    monitor = _train(model, config, data_config, run_config, dataset, run)
    result = _result(model, dataset, data_config, monitor)
    _draw(run, model, monitor)
    run.write_json(run.result, result)
    return result


def build_model(
    config: SearchConfig, dataset: datasets.Dataset, num_steps: int, seed: int
) -> SearchModel:
    """The parent network of a data set's images, with its optimisers.

    Must be called within the scope of the run's distribution strategy.
    """
    plans = space.plan_network(config.num_cells, config.init_channels, dataset.image_size)
    network = ParentNetwork(plans, dataset.num_classes, *dataset.channel_statistics())
    return SearchModel(network, config, num_steps, seed)


def _train(
    model: SearchModel,
    config: SearchConfig,
    data_config: DataConfig,
    run_config: RunConfig,
    dataset: datasets.Dataset,
    run: RunDirectory,
) -> SearchMonitor:
    """Trains from the newest checkpoint, or from the start, to the end."""
    seed, batch_size = run_config.seed, data_config.batch_size
    epoch_steps = pipeline.steps_per_epoch(dataset, batch_size)
    checkpoints = Checkpoints(run.checkpoints, run_config.checkpoint_every_steps)
    checkpoints.attach(model.state(), model.step)
    step = checkpoints.restore(model.metrics_variables)
    if step:
        print(f"resuming {run.path} after step {step} of {config.epochs * epoch_steps}", flush=True)
    else:
        print("compiling the parent network, which takes a while before the first step", flush=True)
    progress = Progress(config.epochs, epoch_steps, batch_size)
    monitor = SearchMonitor(run, progress, config.epochs, first_epoch=step // epoch_steps)
    monitor.write_flags(run_config.flags)
    validation = pipeline.evaluation_batches(dataset.validation, batch_size)
    while step < config.epochs * epoch_steps:
        # An interrupted epoch is finished on its own: `fit` wants epochs of equal length.
        epoch, done = divmod(step, epoch_steps)
        next_epoch = epoch + 1 if done else config.epochs
        next_step = next_epoch * epoch_steps
        model.fit(
            pipeline.training_batches(dataset, data_config, seed, step, next_step - step),
            initial_epoch=epoch,
            epochs=next_epoch,
            steps_per_epoch=epoch_steps - done,
            validation_data=validation,
            callbacks=[progress, monitor, checkpoints],
            shuffle=False,  # each epoch's order is already random, and repeatable
            verbose=0,
        )
        step = next_step
    return monitor


def _result(
    model: SearchModel,
    dataset: datasets.Dataset,
    data_config: DataConfig,
    monitor: SearchMonitor,
) -> dict[str, Any]:
    last = monitor.rows[-1]
    found = genotype.derive(model.log_alpha())
    child = cost.child(found, model.network.plans, dataset.num_classes)
    validation = pipeline.evaluation_batches(dataset.validation, data_config.batch_size)
    rates = [row["images_per_second"] for row in monitor.rows]
    return {
        "search_valid_accuracy": last["valid_accuracy"],
        "child_valid_accuracy": model.evaluate_child(validation),
        "entropy_normal": last["entropy_normal"],
        "entropy_reduce": last["entropy_reduce"],
        "child_parameters": child.parameters,
        "child_multiply_adds": child.multiply_adds,
        "child_edges": {kind: len(found.cell(kind).edges) for kind in space.KINDS},
        "images_per_second": float(np.nanmedian(rates)) if np.isfinite(rates).any() else None,
        "epochs": int(last["epoch"]),
        "steps": int(last["step"]),
        "seconds": monitor.seconds(),
    }


def _draw(run: RunDirectory, model: SearchModel, monitor: SearchMonitor) -> None:
    """The two cells and the curves of the run, as pictures."""
    found = genotype.derive(model.log_alpha())
    for kind in space.KINDS:
        for suffix in ("png", "svg"):
            figure = plots.draw_cell(found.cell(kind), f"{kind} cell")
            plots.save(figure, run.path / f"{kind}.{suffix}")
    plots.save(plots.draw_curves(monitor.rows, "search"), run.path / "curves.png")


def report(result: dict[str, Any], model_dir: pathlib.Path) -> None:
    """Prints what was found, and where to look at it."""
    edges = result["child_edges"]
    print(
        f"\nvalidation accuracy  {result['search_valid_accuracy']:.4f}  the parent, sampled\n"
        f"child accuracy       {result['child_valid_accuracy']:.4f}  "
        "the found cell with the parent's weights, not retrained\n"
        f"child                {result['child_parameters']:,} parameters, "
        f"{result['child_multiply_adds']:,} multiply-adds, "
        f"{edges['normal']} + {edges['reduce']} edges of {len(space.EDGES)} + {len(space.EDGES)}\n"
        f"time                 {duration(result['seconds'])}\n"
        f"genotype             {model_dir / 'genotype.json'}\n"
        f"pictures             {model_dir / 'normal.png'}  {model_dir / 'reduce.png'}  "
        f"{model_dir / 'curves.png'}\n"
        f"TensorBoard          tensorboard --logdir {model_dir / 'tensorboard'}",
        flush=True,
    )
