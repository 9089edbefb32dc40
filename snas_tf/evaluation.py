"""One training of a child network: from the images to its test error."""

from types import ModuleType
from typing import Any

import keras
import tensorflow as tf

from snas_tf import export, plots
from snas_tf.architecture import cost, genotype, lookup
from snas_tf.config import DataConfig, EvaluationConfig, RunConfig
from snas_tf.data import datasets, pipeline
from snas_tf.errors import UserError
from snas_tf.models import description
from snas_tf.models.child import ChildNetwork
from snas_tf.models.description import NetworkDescription
from snas_tf.models.folded import FoldedChild
from snas_tf.models.inheritance import inherit
from snas_tf.training import checkpoints, loop, runtime
from snas_tf.training.evaluation_model import EvaluationModel
from snas_tf.training.evaluation_monitor import EvaluationMonitor
from snas_tf.training.run_directory import RunDirectory


class Evaluation:
    """Trains a child of small images that fit into memory.

    What another kind of images needs otherwise, it overrides: how they are loaded and fed, the
    network and the model.

    Args:
        config: the training's settings.
        data_config: the images.
        run_config: where the run lives, and its seed.
    """

    feed: ModuleType = pipeline
    """What makes batches of the images."""

    def __init__(
        self, config: EvaluationConfig, data_config: DataConfig, run_config: RunConfig
    ) -> None:
        self.config = config
        self.data_config = data_config
        self.run_config = run_config

    def run(self) -> dict[str, Any]:
        """Trains, or continues, then tests and exports.

        Returns:
            The content of result.json.

        Raises:
            UserError: the genotype, the images or the initial weights can't be had, or the run
                directory has another genotype.
        """
        run, seed = RunDirectory(self.run_config.model_dir), self.run_config.seed
        found = lookup.find(self.config.genotype)
        _check_same(run, found)
        dataset = self.load()
        described = self.describe(dataset, found)
        strategy = runtime.strategy(self.data_config.batch_size)
        keras.utils.set_random_seed(seed)
        epoch_steps = pipeline.steps_per_epoch(dataset, self.data_config.batch_size)
        with strategy.scope():
            network = described.child(found, auxiliary=self.config.auxiliary_weight > 0)
            self.initialize(network, described)
            model = self.make_model(network, epoch_steps)
        run.open(self.run_config.flags, runtime.versions())
        run.write_text(run.network, described.to_json())
        run.write_text(run.genotype, genotype.to_json(found))
        plots.save_cells(found, run.path)
        validation = self.evaluation_batches(dataset.validation)
        monitor = loop.train(
            model,
            EvaluationMonitor,
            lambda step, count: self.training_batches(dataset, step, count),
            validation,
            epoch_steps,
            self.data_config.batch_size,
            self.run_config,
            run,
        )
        export.save_model(FoldedChild(network), described, run.export)
        result = self._result(model, monitor, run, validation, self.test_batches(dataset))
        plots.save(plots.draw_training_curves(monitor.rows, "training"), run.path / "curves.png")
        run.write_json(run.result, result)
        return result

    def load(self) -> Any:
        """The images."""
        return datasets.load(self.data_config, self.run_config.seed, with_test=True)

    def training_batches(self, dataset: Any, first_step: int, num_steps: int) -> tf.data.Dataset:
        """The batches of so many steps from a step."""
        return self.feed.training_batches(
            dataset,
            self.data_config,
            self.run_config.seed,
            first_step,
            num_steps,
            cutout_length=self.config.cutout_length,
        )

    def evaluation_batches(self, images: Any) -> tf.data.Dataset | None:
        """Batches of images apart from the training ones, if there are any."""
        if images is None or not len(images):
            return None
        return pipeline.evaluation_batches(images, self.data_config.batch_size)

    def test_batches(self, dataset: Any) -> tf.data.Dataset | None:
        """Batches of the images that decide nothing, if there are any."""
        return self.evaluation_batches(dataset.test)

    def describe(self, dataset: Any, found: genotype.Genotype) -> NetworkDescription:
        """Of the network to train; that of the search whose weights it starts from must agree."""
        described = NetworkDescription(
            self.config.num_cells,
            self.config.init_channels,
            dataset.image_size,
            dataset.class_names,
            *dataset.channel_statistics(),
        )
        weights = self.config.initial_weights
        if weights is None:
            return described
        searched = description.read(RunDirectory(weights).network)
        for field in ("num_cells", "init_channels", "image_size", "class_names"):
            ours, theirs = getattr(described, field), getattr(searched, field)
            if ours != theirs:
                raise UserError(
                    f"--initial_weights={weights}: was searched with {field} {theirs}, "
                    f"received: {ours}, accepted: the same"
                )
        return searched

    def initialize(self, network: ChildNetwork, described: NetworkDescription) -> None:
        """Takes over a search's weights, if so asked."""
        if self.config.initial_weights is not None:
            parent = described.parent()
            directory = RunDirectory(self.config.initial_weights).checkpoints
            checkpoints.restore_network(parent, directory)
            inherit(network, parent)

    def make_model(self, network: ChildNetwork, epoch_steps: int) -> EvaluationModel:
        """The network with its loss and optimiser."""
        return EvaluationModel(network, self.config, epoch_steps, self.run_config.seed)

    def best_row(self, monitor: EvaluationMonitor) -> dict[str, float] | None:
        """The epoch whose weights are tested besides the last one's, if there is one."""
        return monitor.best_row()

    def _result(
        self,
        model: EvaluationModel,
        monitor: EvaluationMonitor,
        run: RunDirectory,
        validation: tf.data.Dataset | None,
        test: tf.data.Dataset | None,
    ) -> dict[str, Any]:
        """What was measured; the test images are looked at here and nowhere else."""
        network = model.network
        counted = cost.child(network.genotype, network.plans, network.num_classes)
        best = self.best_row(monitor)
        errors = model.test_errors(test)
        valid_accuracy = model.accuracy_of(validation)
        if best:
            checkpoints.restore_network(network, run.best)
        at_best = model.test_errors(test if best else None)
        return {
            **errors,
            **{f"{name}_at_best_validation": value for name, value in at_best.items()},
            "valid_accuracy": valid_accuracy,
            "best_valid_accuracy": best["valid_accuracy"] if best else None,
            "best_valid_epoch": int(best["epoch"]) if best else None,
            "parameters": counted.parameters,
            "multiply_adds": counted.multiply_adds,
            "images_per_second": monitor.images_per_second(),
            "epochs": model.config.epochs,
            "steps": int(model.step.numpy()),
            "seconds": monitor.seconds(),
        }


def _check_same(run: RunDirectory, found: genotype.Genotype) -> None:
    if run.genotype.exists() and lookup.read(run.genotype) != found:
        raise UserError(
            f"--genotype: not the one that the run in --model_dir={run.path} has, accepted: the "
            "same, to resume it, or another --model_dir"
        )
