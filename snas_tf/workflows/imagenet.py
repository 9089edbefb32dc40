"""The training of a child on ImageNet or similar images."""

import dataclasses
from typing import Any

from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.network_cost import child_cost
from snas_tf.architecture.width import widest_channels
from snas_tf.config import DataConfig, ImageNetConfig, RunConfig
from snas_tf.data import encoded_collection
from snas_tf.data.batches import Collection, Dataset
from snas_tf.errors import UserError
from snas_tf.models.description import Network, NetworkDescription
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.training.child_model import ChildModel
from snas_tf.training.child_monitor import ChildMonitor
from snas_tf.training.imagenet_model import ImageNetModel
from snas_tf.workflows import evaluate, published
from snas_tf.workflows.child_training import ChildTraining


class ImageNetTraining(ChildTraining):
    """Training of a child on images that stay encoded on disk (Section 3.3).

    The images that are held out are the test images, as in the published figures, so no epoch is
    selected by them: the last one counts.
    """

    kind = "imagenet"
    config: ImageNetConfig
    of_cells = (
        "their number and channels, drop path, the auxiliary classifier and the limit of "
        "multiply-adds"
    )

    def may_grow(self) -> set[str]:
        """See `Workflow.may_grow`; without drop path nothing follows the number of epochs."""
        grows = not self.config.drop_path_probability and self.config.num_seeds == 1
        return super().may_grow() | ({"epochs"} if grows else set())

    def read_images(self, run: RunDirectory) -> Collection:
        """See `Workflow.read_images`."""
        return encoded_collection.read(self.data_config, cache=run.images)

    def describe(self, dataset: Dataset) -> NetworkDescription:
        """See `Workflow.describe`; as wide as it may be if its width is not given."""
        described = super().describe(dataset)
        if not isinstance(self.architecture, Genotype):
            return described
        return self._fit_budget(self.architecture, described)

    def _fit_budget(self, genotype: Genotype, described: NetworkDescription) -> NetworkDescription:
        """Find the width, where it is not given; a width that is must be within the budget."""
        budget = self.config.max_multiply_adds
        if not described.init_channels:
            channels = widest_channels(
                genotype,
                described.num_cells,
                described.image_size,
                len(described.class_names),
                budget,
                described.stem,
            )
            described = dataclasses.replace(described, init_channels=channels)
        multiply_adds = child_cost(
            genotype, described.plan(genotype), len(described.class_names)
        ).multiply_adds
        print(f"{described.init_channels} channels, {multiply_adds:,} multiply-adds", flush=True)
        if budget and multiply_adds > budget:
            raise UserError(
                f"`init_channels`={described.init_channels}: {multiply_adds:,} multiply-adds, more "
                f"than `max_multiply_adds`={budget:g}; accepted: fewer channels, "
                "`init_channels`=0, or `max_multiply_adds`=0"
            )
        return described

    def make_model(self, network: Network, epoch_steps: int) -> ChildModel:
        """The network with its loss and optimizer."""
        return ImageNetModel(network, self.config.applied, epoch_steps, self.run_config.seed)

    def best_row(self, monitor: ChildMonitor) -> None:
        """None, because no epoch is selected by the test images."""


def transfer(
    config: ImageNetConfig, data_config: DataConfig, run_config: RunConfig
) -> dict[str, Any]:
    """Train and test a child on ImageNet; see `evaluate.evaluate`."""
    return evaluate.evaluate(config, data_config, run_config, ImageNetTraining)


def report(
    result: dict[str, Any],
    config: ImageNetConfig,
    data_config: DataConfig,
    run_config: RunConfig,
) -> None:
    """Print the result, below published ones, and the paths of the files."""
    top_1, top_5 = (evaluate.format_percent(result, f"test_{name}error") for name in ("", "top_5_"))
    if data_config.dataset == "imagenet2012":
        ours = (
            f"{config.genotype} (this run)",
            top_1,
            top_5,
            f"{result['parameters'] / 1e6:.1f}",
            f"{result['multiply_adds'] / 1e6:.0f}",
        )
        settings = evaluate.comparable_settings(config, data_config)
        print(f"\n{published.IMAGENET.beside(ours, settings)}")
    print(
        f"\ntop-1 error          {top_1} %  the last epoch's weights\n"
        f"top-5 error          {top_5} %\n{evaluate.format_summary(result, run_config)}",
        flush=True,
    )
