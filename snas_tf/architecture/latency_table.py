"""The latency table: how long each part of a network takes on a machine."""

import dataclasses
from collections.abc import Mapping

from snas_tf.architecture.network_parts import Part
from snas_tf.architecture.search_space import NetworkPlan, SearchSpace
from snas_tf.errors import UserError, shorten_path

RUNTIMES = ("tensorflow", "litert")

LEAST = 1e-6
"""Milliseconds of a part that takes no measurable time; the last digit that is written."""


@dataclasses.dataclass(frozen=True)
class Timing:
    """Milliseconds over several rounds.

    Attributes:
        median: half of the rounds took less.
        lower, upper: a quarter of the rounds took less, or more.
    """

    median: float
    lower: float
    upper: float

    @property
    def spread(self) -> float:
        """The distance of the quartiles, as a share of the median."""
        return (self.upper - self.lower) / self.median

    def scaled(self, factor: float) -> "Timing":
        """Multiply by a factor; the median stays above 0."""
        values = (self.median, self.lower, self.upper)
        median, lower, upper = (round(factor * value, 6) for value in values)
        median = max(median, LEAST)
        return Timing(median, lower, max(median, upper))


@dataclasses.dataclass(frozen=True)
class LatencyTable:
    """The latencies of the parts of one network, and of all that are made of these.

    Attributes:
        space: name of the search space.
        num_cells: size of the network in cells, as the space's skeleton counts them.
        init_channels: channels of its first cell.
        image_size: side of its images, in pixels.
        num_classes: classes of the images.
        stem: one of `stems.NAMES`.
        runtime: what ran the parts; one of `RUNTIMES`.
        threads: threads that it had.
        machine: what ran it, in words, by name.
        call: milliseconds of a call of a network besides those of its parts.
        node: milliseconds, besides those of the edges, of a node that sums two edges or more.
        timings: of each part.
        source: the file, for messages.
        digest: SHA-256 of the file's text.
    """

    space: str
    num_cells: int
    init_channels: int
    image_size: int
    num_classes: int
    stem: str
    runtime: str
    threads: int
    machine: Mapping[str, str]
    call: float
    node: float
    timings: Mapping[Part, Timing]
    source: str = ""
    digest: str = ""

    def latency(self, part: Part | None) -> float:
        """Return the milliseconds of a part; 0 where there is none.

        Raises:
            UserError: the table lacks the part.
        """
        if part is None:
            return 0.0
        if part not in self.timings:
            raise UserError(
                f"{shorten_path(self.source)}: has no entry of {part}, accepted: the table of a "
                "network with this part"
            )
        return self.timings[part].median

    def plan(
        self, space: SearchSpace, output_nodes: Mapping[str, int] | None = None
    ) -> NetworkPlan:
        """Plan the network of the table with cells of a search space."""
        size = (self.image_size, self.image_size)
        return space.plan_network(
            self.num_cells, self.init_channels, size, output_nodes, stem=self.stem
        )

    def scaled(self, factor: float) -> "LatencyTable":
        """Multiply all latencies by a factor."""
        timings = {part: timing.scaled(factor) for part, timing in self.timings.items()}
        call, node = round(factor * self.call, 6), round(factor * self.node, 6)
        return dataclasses.replace(self, call=call, node=node, timings=timings)

    def describe(self) -> str:
        """Describe where the latencies are from, in a line."""
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        return f"{self.runtime}, {threads}, {self.machine.get('processor', 'unknown processor')}"
