"""The config of a latency table."""

import dataclasses
import pathlib
from typing import Annotated

from snas_tf.architecture import stems
from snas_tf.architecture.latency_table import RUNTIMES
from snas_tf.architecture.search_space import NetworkPlan, SearchSpace
from snas_tf.config.accepted import Config, OneOf, Range
from snas_tf.config.search import get_space
from snas_tf.config.training import CHANNELS, NUM_CELLS, OWN, check_num_cells
from snas_tf.errors import UserError, format_setting, shorten_path


@dataclasses.dataclass(frozen=True)
class LatencyConfig(Config):
    """What a latency table is of, and how it is measured.

    Attributes:
        latency_table: the file to write.
        space: the search space; a name of `architecture.spaces.SPACES`.
        num_cells: cells of the network, by default as many as evaluations have.
        init_channels: channels of its first cell, even; by default likewise.
        image_size: side of the images, in pixels.
        num_classes: classes of the images.
        network: the kind of network: its stem; one of `stems.NAMES`.
        runtime: what runs the parts; one of `architecture.latency_table.RUNTIMES`.
        threads: threads that it has.
        rounds: how often each part is measured.

    Raises:
        UserError: a value is not accepted, there is no such space, or the file has no directory.
    """

    latency_table: pathlib.Path
    space: str = "darts"
    num_cells: Annotated[int, NUM_CELLS] = OWN
    init_channels: Annotated[int, CHANNELS] = OWN
    image_size: Annotated[int, Range(8, 4096)] = 32
    num_classes: Annotated[int, Range(2, 1_000_000)] = 10
    network: Annotated[str, OneOf(stems.NAMES)] = "cifar"
    runtime: Annotated[str, OneOf(RUNTIMES)] = "tensorflow"
    threads: Annotated[int, Range(1, 1024)] = 1
    rounds: Annotated[int, Range(1, 10_000)] = 20

    def __post_init__(self) -> None:
        """Check every field; sizes that are not given are those of evaluations."""
        space = self.search_space
        names = ("num_cells", "init_channels")
        for name, value in zip(names, space.skeleton.evaluation_size, strict=True):
            if getattr(self, name) is OWN:
                object.__setattr__(self, name, value)
        super().__post_init__()
        check_num_cells(self.num_cells, space)
        if not self.latency_table.absolute().parent.is_dir():
            raise UserError(
                f"{format_setting('latency_table', self.latency_table)}: there is no directory "
                f"{shorten_path(self.latency_table.parent)}, accepted: a file in one that exists"
            )

    @property
    def search_space(self) -> SearchSpace:
        """The search space."""
        return get_space(self.space)

    def plan(self) -> NetworkPlan:
        """Plan the network whose parts are measured."""
        size = (self.image_size, self.image_size)
        return self.search_space.plan_network(
            self.num_cells, self.init_channels, size, stem=self.network
        )
