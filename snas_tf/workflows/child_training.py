"""The training of a child network."""

import dataclasses
import functools
import json
import statistics
from typing import Any, ClassVar

import tensorflow as tf
from absl import logging

from snas_tf import plots
from snas_tf.architecture import architectures
from snas_tf.architecture.architectures import Architecture
from snas_tf.architecture.cost import total
from snas_tf.architecture.genotype import Genotype
from snas_tf.config import ChildConfig
from snas_tf.data import image_storage
from snas_tf.data.batches import TEST, VALIDATION, BatchConfig, Collection, Dataset
from snas_tf.errors import UserError
from snas_tf.files import whole_files
from snas_tf.files.digests import digests
from snas_tf.models.child import ChildNetwork
from snas_tf.models.description import Network, NetworkDescription
from snas_tf.runs import checkpoint_files, cluster, devices, loop
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.training.child_model import ChildModel
from snas_tf.training.child_monitor import BEST, ChildMonitor
from snas_tf.workflows.export_formats import saved_model
from snas_tf.workflows.initial_weights import InitialWeights
from snas_tf.workflows.workflow import Workflow


class ChildTraining(Workflow):
    """Training and test of a child.

    A subclass for ImageNet overrides how images are read, the network and the model.
    """

    kind = "evaluate"
    config: ChildConfig
    of_cells: ClassVar[str] = "their number and channels, drop path and the auxiliary classifier"
    """What does not apply to a network without cells."""

    @functools.cached_property
    def architecture(self) -> Architecture:
        """The cells of the child, or the network that stands beside it."""
        return architectures.load(self.config.genotype)

    @functools.cached_property
    def initial_weights(self) -> InitialWeights | None:
        """The search whose weights the child starts from, if it does."""
        path = self.config.initial_weights
        return None if path is None else InitialWeights(path)

    def read_images(self, run: RunDirectory) -> Collection:
        """See `Workflow.read_images`."""
        seed = self.proxy_seed(run)
        return image_storage.read(
            self.data_config, with_test=True, cache=run.images, proxy_seed=seed
        )

    def check_images(self, images: Collection) -> None:
        """See `Workflow.check_images`; initial weights have learned from the same images."""
        if self.initial_weights is not None:
            fraction = self.data_config.validation_fraction
            self.initial_weights.check_images(images.fingerprint, fraction)
            self.initial_weights.check_plugins(digests(self.run_config.plugin))

    def split_seed(self) -> int:
        """See `Workflow.split_seed`; initial weights are validated on what the search held out."""
        if self.initial_weights is not None:
            return self.initial_weights.split_seed
        return super().split_seed()

    def proxy_seed(self, run: RunDirectory) -> int:
        """See `Workflow.proxy_seed`; initial weights have learned from a proxy of their own."""
        if self.initial_weights is not None:
            return self.initial_weights.proxy_seed
        return super().proxy_seed(run)

    def inputs(self) -> dict[str, Any]:
        """See `Workflow.inputs`."""
        inputs = {"genotype": json.loads(architectures.to_json(self.architecture))}
        if self.initial_weights is not None:
            inputs["initial_weights"] = self.initial_weights.fingerprint()
        return inputs

    def train(
        self, run: RunDirectory, dataset: Dataset, described: NetworkDescription
    ) -> dict[str, Any]:
        """See `Workflow.train`; tests and exports what was trained."""
        batch_size = self.data_config.batch_size
        strategy = devices.strategy(batch_size, self.config.jit_compile)
        epoch_steps = dataset.steps_per_epoch(batch_size)
        with strategy.scope():
            auxiliary = self.config.auxiliary_weight > 0
            network = described.make_network(self.architecture, auxiliary, self.config.precision)
            if self.initial_weights is not None and isinstance(network, ChildNetwork):
                self.initial_weights.assign_to(network, described)
            model = self.make_model(network, epoch_steps)
        whole_files.write_text(run.network, described.to_json())
        whole_files.write_text(run.genotype, architectures.to_json(self.architecture))
        if isinstance(self.architecture, Genotype):
            plots.save_cells(self.architecture, run.path)
        validation = dataset.evaluation_batches(VALIDATION, batch_size)
        self._check_export(validation)
        batch_config = BatchConfig.from_config(
            self.data_config, self.run_config.seed, self.config.cutout_length
        )
        every_steps = self.run_config.checkpoint_every_steps
        monitor = loop.train(model, ChildMonitor, dataset, batch_config, run, every_steps)
        test = dataset.evaluation_batches(TEST, batch_size)
        result = self._result(model, monitor, run, described, validation, test)
        if monitor.rows:
            curves = plots.draw_training_curves(monitor.rows, "training")
            plots.save(curves, run.path / "curves.png")
        return result

    def combine(self, run: RunDirectory, results: list[dict[str, Any]]) -> dict[str, Any]:
        """See `Workflow.combine`."""
        return average(results)

    def describe(self, dataset: Dataset) -> NetworkDescription:
        """See `Workflow.describe`; the search whose weights it starts from must agree."""
        described = super().describe(dataset)
        if not isinstance(self.architecture, Genotype):
            print(f"{self.architecture} has no cells: {self.of_cells} do not apply", flush=True)
            return dataclasses.replace(described, num_cells=0, init_channels=0)
        if self.initial_weights is None:
            return described
        return self.initial_weights.check_network(described)

    def make_model(self, network: Network, epoch_steps: int) -> ChildModel:
        """The network with its loss and optimizer."""
        return ChildModel(network, self.config.applied, epoch_steps, self.run_config.seed)

    def best_row(self, monitor: ChildMonitor) -> dict[str, float] | None:
        """The epoch whose weights are also tested, if there is one."""
        return monitor.best_row()

    def _result(
        self,
        model: ChildModel,
        monitor: ChildMonitor,
        run: RunDirectory,
        described: NetworkDescription,
        validation: tf.data.Dataset | None,
        test: tf.data.Dataset | None,
    ) -> dict[str, Any]:
        """Measure and export; only this reads the test images."""
        network = model.network
        counted = total([part for _, part in network.count_parts()])
        errors = model.test_errors(test)
        valid_accuracy = model.measure(validation).get("accuracy")
        exports_best = self.config.export_weights == "best"
        if not exports_best:
            saved_model.save(network.exported(), described, run.export)
        best = self._restore_best(network, monitor, run)
        if exports_best:
            saved_model.save(network.exported(), described, run.export)
        at_best = model.test_errors(test if best else None)
        return {
            **errors,
            **{f"{name}_at_best_validation": value for name, value in at_best.items()},
            "valid_accuracy": valid_accuracy,
            "best_valid_accuracy": best["valid_accuracy"] if best else None,
            "best_valid_epoch": int(best["epoch"]) if best else None,
            "exported_weights": "best" if best and exports_best else "last",
            "parameters": counted.parameters,
            "multiply_adds": counted.multiply_adds,
            "images_per_second": monitor.images_per_second(),
            "epochs": model.config.epochs,
            "steps": int(model.step.numpy()),
            "seconds": monitor.seconds(),
        }

    def _check_export(self, validation: tf.data.Dataset | None) -> None:
        if self.config.export_weights == "best" and (validation is None or not self.config.epochs):
            lacking = "validation images" if validation is None else "epochs"
            raise UserError(
                f"`export_weights`=best: there are no {lacking} to tell a best epoch by, "
                "accepted: last"
            )

    def _restore_best(
        self, network: Network, monitor: ChildMonitor, run: RunDirectory
    ) -> dict[str, float] | None:
        """Restore the weights of the best epoch; None if there are no readable ones."""
        processes = cluster.current()
        best = processes.from_chief(self._read_best(network, monitor, run))
        if best is not None:
            processes.assign_from_chief(network.variables)
        return best

    def _read_best(
        self, network: Network, monitor: ChildMonitor, run: RunDirectory
    ) -> dict[str, float] | None:
        best = self.best_row(monitor)
        if best is None or not cluster.current().is_chief:
            return None
        try:
            number = int(best["epoch"])
            files = checkpoint_files.CheckpointFiles(run.best, BEST)
            files.read(checkpoint_files.network_checkpoint(network), number)
        except ValueError as error:
            logging.warning("%s: the best epoch's weights can't be read (%s)", run.best, error)
            return None
        return best


def average(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Average the results of several seeds, with `NAME_deviation`, and all of them as "seeds".

    The deviation is that of a sample (n - 1); None where a seed has no such figure.
    """
    averaged = {**results[0], "seeds": results}
    for name in (name for name in AVERAGED if name in results[0]):
        values = [result[name] for result in results]
        known = None not in values
        averaged[name] = statistics.mean(values) if known else None
        averaged[f"{name}_deviation"] = statistics.stdev(values) if known else None
    averaged["seconds"] = sum(result["seconds"] for result in results)
    del averaged["best_valid_epoch"]
    return averaged


AVERAGED = (
    "test_error",
    "test_top_5_error",
    "test_error_at_best_validation",
    "valid_accuracy",
    "best_valid_accuracy",
)
"""What `average` takes the mean of, where the results have it."""
