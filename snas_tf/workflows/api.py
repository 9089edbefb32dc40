"""The functions for Python programs."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from numpy.typing import ArrayLike

from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.config import ChildConfig, DataConfig, ImageNetConfig, RunConfig, SearchConfig
from snas_tf.data.arrays import Arrays, from_arrays
from snas_tf.data.memory_collection import MemoryCollection
from snas_tf.errors import UserError
from snas_tf.models import description
from snas_tf.models.child import ChildNetwork
from snas_tf.runs import devices
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows import export
from snas_tf.workflows.child_training import ChildTraining
from snas_tf.workflows.imagenet import ImageNetTraining
from snas_tf.workflows.search import Search


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """Result of a search.

    Attributes:
        genotype: the cells.
        figures: the content of result.json, by name.
        model_dir: the run directory, which has the rest: pictures, curves, checkpoints.
    """

    genotype: Genotype
    figures: Mapping[str, Any]
    model_dir: pathlib.Path

    def make_child(
        self, num_cells: int = 20, init_channels: int = 36, auxiliary: bool = False
    ) -> ChildNetwork:
        """Make an untrained network of the found cells, for the images of the search.

        Args:
            num_cells: cells of the network.
            init_channels: channels of the first cell, even.
            auxiliary: see `ChildNetwork`.

        Returns:
            A Keras model from uint8 [batch, height, width, 3] to logits [batch, classes].
        """
        seed = self.figures.get("best_seed")
        run = self.model_dir if seed is None else self.model_dir / f"seed_{seed}"
        searched = description.read(RunDirectory(run).network)
        described = dataclasses.replace(searched, num_cells=num_cells, init_channels=init_channels)
        return described.make_child(self.genotype, auxiliary)


@dataclasses.dataclass(frozen=True)
class TrainingResult:
    """Result of the training of a child.

    Attributes:
        figures: the content of result.json, by name.
        model_dir: the run directory, which has the rest: the SavedModel, curves, checkpoints.
    """

    figures: Mapping[str, Any]
    model_dir: pathlib.Path

    def load_child(self) -> ChildNetwork:
        """Load the trained network; with several seeds, that of the first.

        Returns:
            A Keras model from uint8 [batch, height, width, 3] to logits [batch, classes].
        """
        first = sorted(self.model_dir.glob("seed_*"), key=lambda path: int(path.name[5:]))[:1]
        _, network, _ = export.load(first[0] if first else self.model_dir)
        return network


def search(
    images: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    *,
    model_dir: str | pathlib.Path,
    config: SearchConfig | None = None,
    data: DataConfig | None = None,
    validation_data: Arrays | None = None,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
) -> SearchResult:
    """Search a cell; the same call continues a search that was interrupted.

    Args:
        images: uint8 [examples, height, width, channels = 1 or 3]; None for those of `data`.
        labels: integers [examples].
        model_dir: the run directory.
        config: the search's settings; the paper's by default.
        data: the images, if none are given, and their batches.
        validation_data: images and labels to validate on; by default a share of `images` is held
            out, as `data.validation_fraction` says.
        class_names: in the order of the labels.
        seed: seed of everything random.

    Raises:
        UserError: images or settings are not accepted, or the run directory is not this search's.
    """
    data = data or DataConfig("cifar10" if images is None else "arrays")
    workflow = Search(config or SearchConfig(), data, RunConfig(pathlib.Path(model_dir), seed))
    workflow.images = _collect(images, labels, data, validation_data, None, class_names)
    figures = _run(workflow)
    path = workflow.run_config.model_dir
    return SearchResult(read_genotype(RunDirectory(path).genotype), figures, path)


def train(
    genotype: Genotype | str,
    images: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    *,
    model_dir: str | pathlib.Path,
    config: ChildConfig | ImageNetConfig | None = None,
    data: DataConfig | None = None,
    validation_data: Arrays | None = None,
    test_data: Arrays | None = None,
    class_names: Sequence[str] | None = None,
    seed: int = 0,
) -> TrainingResult:
    """Train, test and export a child; the same call continues what was interrupted.

    Args:
        genotype: the cells; or a published one's name, or the path of a genotype file.
        images: see `search`.
        labels: see `search`.
        model_dir: the run directory.
        config: the training's settings; those of the paper's CIFAR-10 experiments by default. With
            an `ImageNetConfig`, images stay on disk, and are those of `data`.
        data: see `search`.
        validation_data: see `search`.
        test_data: images and labels for the test at the end.
        class_names: see `search`.
        seed: seed of everything random.

    Raises:
        UserError: images or settings are not accepted, or the run directory is not this training's.
    """
    config = config or ChildConfig()
    data = data or DataConfig("cifar10" if images is None else "arrays")
    if isinstance(genotype, str):
        config = dataclasses.replace(config, genotype=genotype)
    kind = ImageNetTraining if isinstance(config, ImageNetConfig) else ChildTraining
    workflow = kind(config, data, RunConfig(pathlib.Path(model_dir), seed))
    if isinstance(genotype, Genotype):
        workflow.genotype = genotype
    workflow.images = _collect(images, labels, data, validation_data, test_data, class_names)
    if workflow.images is not None and kind is ImageNetTraining:
        raise UserError("`images`: given with an ImageNetConfig, accepted: with a ChildConfig")
    return TrainingResult(_run(workflow), workflow.run_config.model_dir)


def _collect(
    images: ArrayLike | None,
    labels: ArrayLike | None,
    data: DataConfig,
    validation: Arrays | None,
    test: Arrays | None,
    class_names: Sequence[str] | None,
) -> MemoryCollection | None:
    if (images is None) != (labels is None):
        missing = "images" if images is None else "labels"
        raise UserError(f"`{missing}`: None, accepted: both images and labels, or neither")
    if images is None or labels is None:
        return None
    return from_arrays(
        data,
        (images, labels),
        validation,
        test,
        class_names=class_names,
        with_test=test is not None,
    )


def _run(workflow: Search | ChildTraining) -> Mapping[str, Any]:
    if (backend := keras.config.backend()) != "tensorflow":
        raise UserError(
            f"Keras' backend: {backend}, accepted: tensorflow, set by KERAS_BACKEND=tensorflow "
            "before keras is imported"
        )
    with devices.fast_start():
        return workflow.run()
