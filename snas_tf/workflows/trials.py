"""The trials of a sweep: ordinary searches, and trainings of the children that they find."""

import dataclasses
import gc
import pathlib
from collections.abc import Mapping
from typing import Any

from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.config import DataConfig, RunConfig, Tuning
from snas_tf.config.tuning import TRAINED
from snas_tf.data.collection import ImageCollection
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows.child_training import ChildTraining
from snas_tf.workflows.search import Search

DIRECTORY = "trials"


class Trials:
    """Runs the trials of a sweep, or continues them.

    Args:
        tuning: the sweep.
        data_config: the images of all trials.
        run_config: the directory of the sweep, and the seed of every trial.
        images: of all trials.
    """

    def __init__(
        self,
        tuning: Tuning,
        data_config: DataConfig,
        run_config: RunConfig,
        images: ImageCollection,
    ) -> None:
        self._tuning = tuning
        self._data_config = data_config
        self._run_config = run_config
        self._images = images

    def run(self, number: int, chosen: Mapping[str, Any], last_epoch: int | None) -> float:
        """Run a trial, or continue it from its checkpoint.

        Args:
            number: of the trial.
            chosen: the values of the sweeps.
            last_epoch: after which epoch the search pauses, with the schedules of the whole one;
                None for its last.

        Returns:
            What the objective says.
        """
        figures = self._search(number, chosen, last_epoch)
        if self._tuning.child is not None:
            trained = self._train(number, figures["epochs"])
            figures = {**figures, TRAINED: trained["valid_accuracy"]}
        gc.collect()  # A model refers to itself, so it would stay in memory for long.
        return float(figures[self._tuning.tuner.objective])

    def _search(
        self, number: int, chosen: Mapping[str, Any], last_epoch: int | None
    ) -> dict[str, Any]:
        config = self._tuning.make_search(chosen)
        data_config = self._tuning.make_data(chosen, self._data_config)
        place = self._place(directory(self._run_config.model_dir, number))
        workflow = Search(config, data_config, place)
        workflow.images = self._images
        workflow.shows_images = False
        workflow.last_epoch = last_epoch
        workflow.check_images(self._images)
        return workflow.run()

    def _train(self, number: int, epochs: int) -> dict[str, Any]:
        assert self._tuning.child is not None
        found = RunDirectory(directory(self._run_config.model_dir, number))
        path = child_directory(self._run_config.model_dir, number, epochs)
        workflow = ChildTraining(self._tuning.child, self._data_config, self._place(path))
        workflow.architecture = read_genotype(found.genotype)
        workflow.images = self._images
        workflow.shows_images = False
        return workflow.run()

    def _place(self, path: pathlib.Path) -> RunConfig:
        return dataclasses.replace(self._run_config, model_dir=path)


def directory(model_dir: pathlib.Path, number: int) -> pathlib.Path:
    """Return the run directory of a trial's search."""
    return model_dir / DIRECTORY / f"trial_{number:04d}"


def child_directory(model_dir: pathlib.Path, number: int, epochs: int) -> pathlib.Path:
    """Return the run directory of the training of a child that is found after some epochs."""
    return model_dir / DIRECTORY / f"trial_{number:04d}_child_{epochs}"
