"""`--mode=search`: from images to a cell."""

import functools
import json
import pathlib
from typing import Any

import keras

from snas_tf import plots
from snas_tf.architecture import cost, genotype, space
from snas_tf.architecture.genotype import Genotype
from snas_tf.config import DataConfig, RunConfig, SearchConfig
from snas_tf.data import datasets, pipeline
from snas_tf.models.description import NetworkDescription
from snas_tf.training import loop, runtime
from snas_tf.training.progress import duration
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
    description = NetworkDescription(
        config.num_cells,
        config.init_channels,
        dataset.image_size,
        dataset.class_names,
        *dataset.channel_statistics(),
    )
    run.write_text(run.network, description.to_json())
    epoch_steps = pipeline.steps_per_epoch(dataset, data_config.batch_size)
    with strategy.scope():
        model = SearchModel(
            description.parent(config.skip_threshold),
            config,
            config.epochs * epoch_steps,
            run_config.seed,
        )
    validation = pipeline.evaluation_batches(dataset.validation, data_config.batch_size)
    monitor = loop.train(
        model,
        SearchMonitor,
        functools.partial(pipeline.training_batches, dataset, data_config, run_config.seed),
        validation,
        epoch_steps,
        data_config.batch_size,
        run_config,
        run,
    )
    rounded_edges = model.settle()
    found = genotype.derive(model.log_alpha())
    run.write_text(run.genotype, genotype.to_json(found))
    result = _result(model, found, rounded_edges, model.evaluate_child(validation), monitor)
    plots.save_cells(found, run.path)
    plots.save(plots.draw_curves(monitor.rows, "search"), run.path / "curves.png")
    run.write_json(run.result, result)
    return result


def _result(
    model: SearchModel,
    found: Genotype,
    rounded_edges: int,
    child_accuracy: float,
    monitor: SearchMonitor,
) -> dict[str, Any]:
    last = monitor.rows[-1]
    child = cost.child(found, model.network.plans, model.network.num_classes)
    return {
        "search_valid_accuracy": last["valid_accuracy"],
        "child_valid_accuracy": child_accuracy,
        "entropy_normal": last["entropy_normal"],
        "entropy_reduce": last["entropy_reduce"],
        "child_parameters": child.parameters,
        "child_multiply_adds": child.multiply_adds,
        "child_edges": {kind: len(found.cell(kind).edges) for kind in space.KINDS},
        "rounded_edges": rounded_edges,
        "images_per_second": monitor.images_per_second(),
        "epochs": int(last["epoch"]),
        "steps": int(last["step"]),
        "seconds": monitor.seconds(),
    }


def report(result: dict[str, Any], model_dir: pathlib.Path) -> None:
    """Prints what was found, and where to look at it."""
    edges, rounded = result["child_edges"], ""
    if result["rounded_edges"]:
        rounded = f", {result['rounded_edges']} rounded to the target"
    print(
        f"\nvalidation accuracy  {result['search_valid_accuracy']:.4f}  the parent, sampled\n"
        f"child accuracy       {result['child_valid_accuracy']:.4f}  "
        "the found cell with the parent's weights, not retrained\n"
        f"child                {result['child_parameters']:,} parameters, "
        f"{result['child_multiply_adds']:,} multiply-adds, "
        f"{edges['normal']} + {edges['reduce']} edges of {len(space.EDGES)} + {len(space.EDGES)}"
        f"{rounded}\n"
        f"time                 {duration(result['seconds'])}\n"
        f"genotype             {model_dir / 'genotype.json'}\n"
        f"pictures             {model_dir / 'normal.png'}  {model_dir / 'reduce.png'}  "
        f"{model_dir / 'curves.png'}\n"
        f"TensorBoard          tensorboard --logdir {model_dir / 'tensorboard'}",
        flush=True,
    )
