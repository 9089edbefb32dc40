"""The search of a cell."""

import shlex
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from snas_tf import plots
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.algorithms.search_monitor import SearchMonitor
from snas_tf.architecture import child_latency, edge_text
from snas_tf.architecture.benchmark_table import BenchmarkTable
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.genotype_json import from_json, to_json
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.architecture.network_cost import child_cost
from snas_tf.config import DataConfig, RunConfig, SearchConfig, algorithms
from snas_tf.data import image_storage
from snas_tf.data.batches import VALIDATION, BatchConfig, Collection, Dataset
from snas_tf.data.held_out_dataset import HeldOutDataset, check_division
from snas_tf.files import whole_files
from snas_tf.models.description import NetworkDescription
from snas_tf.runs import cluster, devices, loop
from snas_tf.runs.progress import duration
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows import benchmark, benchmark_tables
from snas_tf.workflows.workflow import Workflow


class Search(Workflow):
    """Searches a cell: the training of a parent network and of the architecture's parameters.

    The arguments are those of `Workflow`.
    """

    kind = "search"
    config: SearchConfig

    def inputs(self) -> dict[str, Any]:
        """See `Workflow.inputs`; the latency table counts by its content."""
        table = self.config.read_latency_table()
        if table is None:
            return {}
        return {"latency_table": {"measured": table.describe(), "digest": table.digest}}

    def read_images(self, run: RunDirectory) -> Collection:
        """See `Workflow.read_images`; test images are never read."""
        seed = self.proxy_seed(run)
        return image_storage.read(self.data_config, cache=run.images, proxy_seed=seed)

    def check_images(self, images: Collection) -> None:
        """Check that the algorithm can divide the training images.

        Raises:
            UserError: a part would be smaller than a batch.
        """
        config = self.config
        if algorithms.get(config.algorithm).load().learns_from_held_out_images(config):
            dataset: Any = images.split(self.split_seed())
            check_division(dataset, config.architecture_fraction, self.data_config.batch_size)

    def train(
        self, run: RunDirectory, dataset: Dataset, described: NetworkDescription
    ) -> dict[str, Any]:
        """See `Workflow.train`."""
        config, seed, batch_size = self.config, self.run_config.seed, self.data_config.batch_size
        algorithm_class = algorithms.get(config.algorithm).load()
        divided = algorithm_class.learns_from_held_out_images(config)
        learned: Any = dataset
        if divided:
            fraction = config.architecture_fraction
            learned = HeldOutDataset.divide(learned, fraction, seed, batch_size)
            print(learned.summary(), flush=True)
        strategy = devices.strategy(batch_size, config.jit_compile)
        whole_files.write_text(run.network, described.to_json())
        num_steps = config.epochs * learned.steps_per_epoch(batch_size)
        with strategy.scope():
            parent = described.make_parent(
                config.search_space, config.skip_threshold, config.precision
            )
            algorithm = algorithm_class(parent, config, num_steps, seed)
            judging = learned.judging_batches(batch_size) if divided else None
            model = SearchModel(algorithm, judging)
        batch_config = BatchConfig.from_config(self.data_config, seed)
        every_steps = self.run_config.checkpoint_every_steps
        monitor = loop.train(
            model, SearchMonitor, learned, batch_config, run, every_steps, self.last_epoch
        )
        return self._finish(run, model, monitor, dataset.evaluation_batches(VALIDATION, batch_size))

    def _finish(
        self,
        run: RunDirectory,
        model: SearchModel,
        monitor: SearchMonitor,
        validation: tf.data.Dataset | None,
    ) -> dict[str, Any]:
        """Derive the child, measure it, and write what was found."""
        stopped = bool(model.stop_training)
        rounded_edges = 0 if stopped else model.algorithm.finish()
        genotype = model.derive()
        if stopped:
            kept = monitor.genotype_after(len(monitor.rows) - 1) or genotype
            genotype = from_json(cluster.current().from_chief(to_json(kept)))
        whole_files.write_text(run.genotype, to_json(genotype))
        accuracy = model.evaluate_child(genotype, validation)
        result = _result(model, genotype, rounded_edges, accuracy, monitor)
        table = self.config.read_latency_table()
        if table is not None:
            milliseconds = child_latency.predict(table, genotype)
            result["child_latency_ms"] = round(milliseconds, 4)
        plots.save_cells(genotype, run.path)
        curves = plots.draw_curves(monitor.rows, "search", self.config.search_space)
        plots.save(curves, run.path / "curves.png")
        return {**result, "stopped_on_collapse": stopped}

    def combine(self, run: RunDirectory, results: list[dict[str, Any]]) -> dict[str, Any]:
        """See `Workflow.combine`; the result and cell of the best search (Section 3)."""
        best = max(range(len(results)), key=lambda index: results[index]["search_valid_accuracy"])
        best_seed = self.run_config.seed + best
        genotype = read_genotype(RunDirectory(run.path / f"seed_{best_seed}").genotype)
        whole_files.write_text(run.genotype, to_json(genotype))
        plots.save_cells(genotype, run.path)
        seconds = sum(result["seconds"] for result in results)
        return {**results[best], "best_seed": best_seed, "seconds": seconds, "seeds": results}


def search(
    config: SearchConfig,
    data_config: DataConfig,
    run_config: RunConfig,
    table: BenchmarkTable | None = None,
) -> dict[str, Any]:
    """Search a cell, or continue the search that `run_config.model_dir` holds.

    Args:
        config: the search's settings; with several seeds each has a run directory within.
        data_config: the images.
        run_config: the directory of the run, and its first seed.
        table: a benchmark in which the found cells are looked up; it does not change the run.

    Returns:
        The content of result.json.

    Raises:
        UserError: the images can't be read or are too few, or the run directory is of another run.
    """
    result = Search(config, data_config, run_config).run()
    if table is None or not cluster.current().is_chief:
        return result
    return benchmark.record(table, config, run_config, result)


def _result(
    model: SearchModel,
    genotype: Genotype,
    rounded_edges: int,
    child_accuracy: float,
    monitor: SearchMonitor,
) -> dict[str, Any]:
    last = monitor.rows[-1]
    child = child_cost(genotype, model.network.network_plan, model.network.num_classes)
    has_text = len(genotype.space.kinds) == 1
    return {
        **({"cell": edge_text.to_text(genotype)} if has_text else {}),
        "search_valid_accuracy": last["valid_accuracy"],
        "child_valid_accuracy": child_accuracy,
        **{name: last[name] for name in (f"entropy_{kind}" for kind in genotype.space.kinds)},
        "child_parameters": child.parameters,
        "child_multiply_adds": child.multiply_adds,
        "child_edges": {kind: len(genotype.cell(kind).edges) for kind in genotype.space.kinds},
        "rounded_edges": rounded_edges,
        "images_per_second": monitor.images_per_second(),
        "epochs": int(last["epoch"]),
        "steps": int(last["step"]),
        "seconds": monitor.seconds(),
    }


def report(
    result: dict[str, Any], config: SearchConfig, data_config: DataConfig, run_config: RunConfig
) -> None:
    """Print what was found, and where to look at it."""
    model_dir, rounded = run_config.model_dir, ""
    kept = " + ".join(str(count) for count in result["child_edges"].values())
    space = config.search_space
    candidates = " + ".join(str(len(space.edges)) for _ in space.kinds)
    pictures = "  ".join(str(model_dir / f"{kind}.png") for kind in space.kinds)
    cell = f"cell                 {result['cell']}\n" if "cell" in result else ""
    regret = f"  {model_dir / 'regret.png'}" if "benchmark" in result else ""
    latency = ""
    if "child_latency_ms" in result:
        latency = f"{result['child_latency_ms']:.3f} ms predicted in the network of the table, "
    if result["rounded_edges"]:
        rounded = f", {result['rounded_edges']} rounded to the target"
    files = model_dir / f"seed_{result['best_seed']}" if "seeds" in result else model_dir
    _report_seeds(result.get("seeds", ()))
    if result["stopped_on_collapse"]:
        source = "those of the epoch before" if result["epochs"] > 1 else "its own, the first"
        print(
            f"stopped after epoch {result['epochs']}, at whose end a cell had no convolution: the "
            f"cells are {source}"
        )
    print(
        f"\nvalidation accuracy  {result['search_valid_accuracy']:.4f}  the parent\n"
        f"child accuracy       {result['child_valid_accuracy']:.4f}  "
        "the found cell with the parent's weights, not retrained\n"
        f"child                {result['child_parameters']:,} parameters, "
        f"{result['child_multiply_adds']:,} multiply-adds, {latency}"
        f"{kept} edges of {candidates}{rounded}\n"
        f"time                 {duration(result['seconds'])}\n"
        f"genotype             {model_dir / 'genotype.json'}\n{cell}"
        f"pictures             {pictures}  {files / 'curves.png'}{regret}\n"
        f"TensorBoard          tensorboard --logdir {shlex.quote(str(model_dir))}",
        flush=True,
    )
    if "benchmark" in result:
        print(f"\n{benchmark_tables.format_found(result['benchmark'])}", flush=True)


def _report_seeds(results: Sequence[dict[str, Any]]) -> None:
    """Print a line for each seed."""
    for result in results:
        stopped = f"  stopped after epoch {result['epochs']}"
        print(
            f"validation accuracy  {result['search_valid_accuracy']:.4f}  child "
            f"{result['child_valid_accuracy']:.4f}  {result['child_parameters']:,} parameters"
            f"{stopped if result['stopped_on_collapse'] else ''}"
        )
        if "cell" in result:
            print(f"  {result['cell']}")
        if "benchmark" in result:
            print(f"  {benchmark_tables.format_seed(result['benchmark'])}")
