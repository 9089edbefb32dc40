"""The functions for Python programs."""

import dataclasses
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.genotype_json import from_json, to_json
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.config import ChildConfig, DataConfig, ImageNetConfig, RunConfig, SearchConfig
from snas_tf.data.arrays import Arrays, from_arrays
from snas_tf.data.memory_collection import MemoryCollection
from snas_tf.errors import UserError, quote
from snas_tf.models import description
from snas_tf.models.child import ChildNetwork
from snas_tf.models.description import Network
from snas_tf.runs import cluster, devices
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows import trained_child
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
        self,
        num_cells: int | None = None,
        init_channels: int | None = None,
        auxiliary: bool = False,
    ) -> ChildNetwork:
        """Make an untrained network of the found cells, for the images of the search.

        Args:
            num_cells: cells of the network; by default as many as evaluations in the search space
                have, 20 in that of DARTS.
            init_channels: channels of the first cell, even; by default as many as these have.
            auxiliary: see `ChildNetwork`; `fit` of Keras trains without the auxiliary classifier.

        Returns:
            A Keras model from images [batch, height, width, 3], 0 to 255, to logits
            [batch, classes]. It normalizes its images itself.

        Raises:
            ValueError: too few cells, or channels that are odd or not positive.
        """
        seed = self.figures.get("best_seed")
        run = self.model_dir if seed is None else self.model_dir / f"seed_{seed}"
        searched = description.read(RunDirectory(run).network)
        default_size = self.genotype.space.skeleton.evaluation_size
        described = dataclasses.replace(
            searched,
            num_cells=default_size[0] if num_cells is None else num_cells,
            init_channels=default_size[1] if init_channels is None else init_channels,
        )
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

    def load_child(self) -> Network:
        """Load the trained network; with several seeds, that of the first.

        Returns:
            A Keras model from images [batch, height, width, 3], 0 to 255, to logits
            [batch, classes].

        Raises:
            UserError: files of the run are missing or damaged.
        """
        first = sorted(self.model_dir.glob("seed_*"), key=lambda path: int(path.name[5:]))[:1]
        return trained_child.load(first[0] if first else self.model_dir).network


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

    A call whose search is finished reads its result. Progress is printed. Python's and NumPy's
    random generators and TensorFlow's options are afterwards as they were.

    Args:
        images: uint8 [examples, height, width, channels = 1 or 3], 0 to 255; None for those that
            `data` names.
        labels: integers [examples], from 0.
        model_dir: the run directory; it is created, and holds one search.
        config: the search's settings; the paper's by default.
        data: how images are fed and, where none are given, which.
        validation_data: images and labels to validate on; by default a share of `images` is held
            out, as `data.validation_fraction` says.
        class_names: in the order of the labels; "0", "1" and so on by default.
        seed: of everything random; the first one, where `config.num_seeds` is more than 1.

    Returns:
        The cells that were found, the figures, and where the files are.

    Raises:
        UserError: images or settings are not accepted, or the run directory is not this search's.
    """
    _require_kind("config", config, SearchConfig)
    data = _choose_data(images, data)
    workflow = Search(config or SearchConfig(), data, RunConfig(pathlib.Path(model_dir), seed))
    workflow.images = _collect(images, labels, data, validation_data, class_names=class_names)
    figures = _run(workflow)
    path = workflow.run_config.model_dir
    return SearchResult(_read_found(RunDirectory(path).genotype), figures, path)


def train(
    genotype: Genotype | str | os.PathLike[str],
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

    It is the paper's training; `SearchResult.make_child` gives a network to train in another way.

    Args:
        genotype: the cells; or a published one's name, the path of a genotype file, or `keras:NAME`
            for a network of `keras.applications`.
        images: see `search`.
        labels: see `search`.
        model_dir: the run directory.
        config: the training's settings; those of the paper's CIFAR-10 experiments by default. With
            an `ImageNetConfig`, images stay on disk, and are those of `data`.
        data: see `search`.
        validation_data: see `search`.
        test_data: images and labels for the test at the end.
        class_names: see `search`.
        seed: see `search`.

    Returns:
        The figures, such as "test_error", and where the files are.

    Raises:
        UserError: images or settings are not accepted, or the run directory is not this training's.
    """
    _require_kind("config", config, ChildConfig)
    if config is None and isinstance(genotype, Genotype):
        config = ChildConfig(*genotype.space.skeleton.evaluation_size)
    config = config or ChildConfig(genotype=os.fspath(genotype))  # type: ignore[arg-type]
    data = _choose_data(images, data)
    source = "" if isinstance(genotype, Genotype) else os.fspath(genotype)
    config = dataclasses.replace(config, genotype=source)
    kind = ImageNetTraining if isinstance(config, ImageNetConfig) else ChildTraining
    workflow = kind(config, data, RunConfig(pathlib.Path(model_dir), seed))
    if isinstance(genotype, Genotype):
        config.check_size(genotype.space)
        workflow.architecture = genotype
    workflow.images = _collect(
        images, labels, data, validation_data, test_data, class_names=class_names, with_test=True
    )
    if workflow.images is not None and kind is ImageNetTraining:
        raise UserError("`images`: given with an ImageNetConfig, accepted: with a ChildConfig")
    return TrainingResult(_run(workflow), workflow.run_config.model_dir)


def _read_found(path: pathlib.Path) -> Genotype:
    """Read the genotype that was found; where several processes search, the chief has the file."""
    processes = cluster.current()
    with processes.watched():
        own = to_json(read_genotype(path)) if processes.is_chief else ""
        return from_json(processes.from_chief(own))


def _require_kind(name: str, value: Any, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise UserError(
            f"`{name}`: received {quote(value)}, accepted: a snas_tf.{kind.__name__}, or None"
        )


def _choose_data(images: ArrayLike | None, data: DataConfig | None) -> DataConfig:
    """The settings of the images, which arrays do not name."""
    _require_kind("data", data, DataConfig)
    data = data or DataConfig()
    return data if images is None else dataclasses.replace(data, dataset="arrays")


def _collect(
    images: ArrayLike | None,
    labels: ArrayLike | None,
    data: DataConfig,
    validation: Arrays | None = None,
    test: Arrays | None = None,
    *,
    class_names: Sequence[str] | None,
    with_test: bool = False,
) -> MemoryCollection | None:
    if (images is None) != (labels is None):
        missing = "images" if images is None else "labels"
        raise UserError(f"`{missing}`: None, accepted: both images and labels, or neither")
    if images is None or labels is None:
        return None
    return from_arrays(
        data, (images, labels), validation, test, class_names=class_names, with_test=with_test
    )


def _run(workflow: Search | ChildTraining) -> Mapping[str, Any]:
    with devices.fast_start():
        return workflow.run()
