"""The runs of a comparison: searches, trainings of their children, and of random cells."""

import dataclasses
import functools
import gc
import pathlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from snas_tf.architecture.genotype import Genotype, derive
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import Comparison, DataConfig, RunConfig
from snas_tf.config.comparison import RANDOM, directory_name
from snas_tf.data.collection import ImageCollection
from snas_tf.errors import UserError, printable
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.workflows.child_training import ChildTraining
from snas_tf.workflows.search import Search
from snas_tf.workflows.workflow import Workflow

SEARCH, CHILD = "search", "child"
"""What a run is; a random cell's is its number."""


@dataclasses.dataclass(frozen=True)
class Member:
    """One run of a comparison.

    Attributes:
        label: what is compared.
        seed: the run's seed.
        part: `SEARCH`, `CHILD`, or the number of a random cell.
        path: its run directory.
        make: makes the run, of all images.
    """

    label: str
    seed: int
    part: str | int
    path: pathlib.Path
    make: Callable[[ImageCollection], Workflow] = dataclasses.field(compare=False)

    @property
    def name(self) -> str:
        """What it is called on the screen."""
        prefix = {SEARCH: "", CHILD: "child of "}.get(str(self.part), f"cell {self.part} of ")
        return printable(f"{prefix}{self.label}, seed {self.seed}")


@dataclasses.dataclass(frozen=True)
class Outcomes:
    """What the runs gave.

    Attributes:
        results: the content of result.json of each finished run.
        failures: why each of the others is not finished.
    """

    results: dict[Member, dict[str, Any]]
    failures: dict[Member, str]


class ComparisonRuns:
    """All runs of a comparison.

    Args:
        comparison: what is compared.
        data_config: the images of all runs.
        run_config: the directory of the comparison; its seed is not read.
    """

    def __init__(
        self, comparison: Comparison, data_config: DataConfig, run_config: RunConfig
    ) -> None:
        self._comparison = comparison
        self._data_config = data_config
        self._run_config = run_config

    def members(self) -> Iterator[Member]:
        """Yield every run: all searches, then all trainings."""
        comparison = self._comparison
        pairs = [(label, seed) for label in comparison.searches for seed in comparison.seeds]
        for label, seed in pairs:
            yield self._search(label, seed)
        for label, seed in pairs if comparison.child else ():
            yield self._child(label, seed)
        for seed in comparison.seeds:
            for number in range(1, comparison.random_children + 1):
                yield self._random_cell(seed, number)

    def _search(self, label: str, seed: int) -> Member:
        path = self._path(label, seed)
        config = self._comparison.searches[label]

        def make(images: ImageCollection) -> Workflow:
            workflow = Search(config, self._data_config, self._place(path, seed))
            workflow.images = images.without_test()
            return workflow

        return Member(label, seed, SEARCH, path, make)

    def _child(self, label: str, seed: int) -> Member:
        search, path = self._path(label, seed), self._path(label, seed, "_child")
        make = functools.partial(
            self._training, path, seed, lambda: _found_genotype(RunDirectory(search))
        )
        return Member(label, seed, CHILD, path, make)

    def _random_cell(self, seed: int, number: int) -> Member:
        path = self._path(RANDOM, seed, f"_cell_{number}")
        space = self._comparison.search_space
        make = functools.partial(
            self._training, path, seed, lambda: draw_genotype(space, seed, number)
        )
        return Member(RANDOM, seed, number, path, make)

    def _training(
        self,
        path: pathlib.Path,
        seed: int,
        genotype: Callable[[], Genotype],
        images: ImageCollection,
    ) -> Workflow:
        config = self._comparison.child
        assert config is not None  # `Comparison` requires it.
        workflow = ChildTraining(config, self._data_config, self._place(path, seed))
        workflow.architecture = genotype()
        workflow.images = images
        return workflow

    def _path(self, label: str, seed: int, suffix: str = "") -> pathlib.Path:
        return self._run_config.model_dir / directory_name(label) / f"seed_{seed}{suffix}"

    def _place(self, path: pathlib.Path, seed: int) -> RunConfig:
        return dataclasses.replace(self._run_config, model_dir=path, seed=seed)


def run_all(members: Sequence[Member], images: ImageCollection) -> Outcomes:
    """Run or continue each; one that fails is named, and the others go on.

    Args:
        members: the runs.
        images: of all of them, test images included where children are trained.
    """
    outcomes = Outcomes({}, {})
    for number, member in enumerate(members, 1):
        print(f"\nrun {number} of {len(members)}: {member.name}", flush=True)
        try:
            workflow = member.make(images)
            workflow.shows_images = False
            outcomes.results[member] = workflow.run()
        except Exception as error:  # Whatever it is, the other runs do not depend on it.
            outcomes.failures[member] = message = describe_error(error)
            print(f"run {number} failed: {member.name}: {message}", file=sys.stderr, flush=True)
        gc.collect()  # A model refers to itself, so it would stay in memory for long.
    return outcomes


def draw_genotype(space: SearchSpace, seed: int, number: int) -> Genotype:
    """Draw cells whose edges have each operation with the same probability, zero included.

    Args:
        space: search space of the cells.
        seed: the run's seed.
        number: of the draw.
    """
    generator = np.random.default_rng([seed, number])
    return derive({kind: generator.random(space.shape) for kind in space.kinds}, space)


def _found_genotype(run: RunDirectory) -> Genotype:
    result = run.read_result()
    if result is None or "finished" not in result:
        raise UserError("its search is not finished")
    return read_genotype(run.genotype)


def describe_error(error: Exception) -> str:
    """Describe an error in one line."""
    if isinstance(error, UserError):
        return str(error)
    return printable(" ".join(f"{type(error).__name__}: {error}".split())[:400])
