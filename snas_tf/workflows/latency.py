"""The measurement of a latency table."""

import dataclasses
import pathlib
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from snas_tf.architecture import child_latency, latency_file, network_parts
from snas_tf.architecture.child_latency import ChildParts
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.latency_table import LEAST, LatencyTable, Timing
from snas_tf.architecture.network_parts import Part
from snas_tf.architecture.search_space import NetworkPlan
from snas_tf.config import LatencyConfig
from snas_tf.data.parallel import show_progress
from snas_tf.errors import UserError, format_setting
from snas_tf.files import whole_files
from snas_tf.models.child import ChildNetwork
from snas_tf.models.description import Network
from snas_tf.models.part_graph import PartGraph
from snas_tf.models.runtimes import RUNTIMES, Call, Runtime
from snas_tf.runs import machine
from snas_tf.workflows.comparison_runs import draw_genotype
from snas_tf.workflows.timing import alternate

FEW, MANY = 1, 4
"""Copies of a part in the two graphs whose difference is measured."""

NUM_CHILDREN = 3
"""Children drawn at random, to which a table is fitted."""

_WIDE = 0.2  # A spread that a warning tells of,
_LARGE = 0.1  # of a part that takes this share of the slowest one's time.


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What was measured.

    Attributes:
        table: the table.
        predicted, measured: milliseconds of the children to which the table is fitted, and of
            others that were to be measured with them.
    """

    table: LatencyTable
    predicted: tuple[float, ...]
    measured: tuple[float, ...]


def measure(config: LatencyConfig, others: Sequence[Genotype] = ()) -> Measurement:
    """Measure the parts of a network, and write their latency table.

    Args:
        config: the network, the runtime and the file.
        others: children to measure in the same rounds; the table does not depend on them.

    Raises:
        UserError: the file is something else than a latency table, or can't be written; or
            TensorFlow has started with other threads.
    """
    _check_place(config.latency_table)
    runtime, plan = RUNTIMES[config.runtime](config.threads), config.plan()
    parts = network_parts.distinct_parts(plan, config.num_classes)
    print(f"measures {len(parts)} parts in {config.rounds} rounds", flush=True)
    genotypes = [draw_genotype(plan.space, 0, number) for number in range(NUM_CHILDREN)]
    genotypes += others
    calls = [
        *_compile_parts(runtime, parts, plan, config.num_classes),
        *(compile_child(runtime, one, plan, config.num_classes) for one in genotypes),
    ]
    rounds = show_progress(range(config.rounds), config.rounds, "measures rounds")
    times = alternate(calls, rounds)
    timings = dict(zip(parts, part_timings(times[:, : 2 * len(parts)]), strict=True))
    few = np.median(times[:, : 2 * len(parts) : 2], axis=0)
    table = _table(config, timings, _fit_call(few, list(timings.values())))
    measured = np.median(times[:, 2 * len(parts) :], axis=0).tolist()
    table = _fit_to_children(table, genotypes[:NUM_CHILDREN], measured[:NUM_CHILDREN])
    whole_files.write_text(config.latency_table, latency_file.to_json(table))
    predicted = tuple(child_latency.predict(table, genotype) for genotype in genotypes)
    return Measurement(table, predicted, tuple(measured))


def _check_place(path: pathlib.Path) -> None:
    """Check that the table can be written, and replaces nothing but a table."""
    try:
        with tempfile.TemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        raise UserError(
            f"{format_setting('latency_table', path)}: can't be written ({error.strerror}), "
            "accepted: a file in a directory that can be written"
        ) from error
    if path.exists():
        latency_file.read(path)


def _compile_parts(
    runtime: Runtime, parts: Sequence[Part], plan: NetworkPlan, num_classes: int
) -> list[Call]:
    """Compile few and many copies of each part, in this order."""
    calls = []
    for part in show_progress(parts, len(parts), "compiles parts"):
        for count in (FEW, MANY):
            graph = PartGraph(part, plan, num_classes, count, runtime.merges_equals)
            calls.append(runtime.compile(graph, graph.signature))
    return calls


def compile_child(
    runtime: Runtime, genotype: Genotype, network_plan: NetworkPlan, num_classes: int
) -> Call:
    """Compile a child network as it is exported, for one image; its weights do not matter."""
    network = ChildNetwork(genotype, network_plan, num_classes, np.zeros(3), np.ones(3))
    return compile_network(runtime, network, network_plan.image_size)


def compile_network(runtime: Runtime, network: Network, image_size: tuple[int, int]) -> Call:
    """Compile a network as it is exported, for one image.

    Its offsets become 1, because what is 0 might be left out.
    """
    for variable in network.variables:
        if variable.name == "beta":
            variable.assign(tf.ones_like(variable))
    image = tf.TensorSpec([1, *image_size, 3], tf.uint8)
    return runtime.compile(network.exported(), [image])


def part_timings(times: np.ndarray) -> list[Timing]:
    """Compute the timing of each part.

    Args:
        times: milliseconds [rounds, 2 x parts]: of a part's few copies, then of its many.
    """
    differences = (times[:, 1::2] - times[:, 0::2]) / (MANY - FEW)
    lower, median, upper = np.quantile(differences, [0.25, 0.5, 0.75], axis=0).round(6)
    lower, median = np.maximum(lower, 0.0), np.maximum(median, LEAST)
    rows = zip(median, np.minimum(lower, median), np.maximum(upper, median), strict=True)
    return [Timing(*map(float, row)) for row in rows]


def _fit_call(few: np.ndarray, timings: Sequence[Timing]) -> float:
    """Fit the milliseconds of a call, to those [parts] of few copies of each part."""
    copies = FEW * np.array([timing.median for timing in timings])
    return round(max(float(np.median(few - copies)), 0.0), 6)


def _table(config: LatencyConfig, timings: Mapping[Part, Timing], call: float) -> LatencyTable:
    """Make a table, whose nodes take no time yet."""
    return LatencyTable(
        space=config.space,
        num_cells=config.num_cells,
        init_channels=config.init_channels,
        image_size=config.image_size,
        num_classes=config.num_classes,
        stem=config.network,
        runtime=config.runtime,
        threads=config.threads,
        machine=machine.describe(),
        call=call,
        node=0.0,
        timings=timings,
        source=str(config.latency_table),
    )


def _fit_to_children(
    table: LatencyTable, genotypes: Sequence[Genotype], measured: Sequence[float]
) -> LatencyTable:
    """Fit the sums of nodes to what children take besides call and parts.

    Where they take less than call and parts, nodes are free, and everything is scaled down.
    """
    children = [_parts_of(table, genotype) for genotype in genotypes]
    pairs = [*zip(measured, children, strict=True)]
    rest = [(whole - one.latency(table)) / one.sums for whole, one in pairs if one.sums]
    node = statistics.median(rest) if rest else 0.0
    if node >= 0:
        return dataclasses.replace(table, node=round(node, 6))
    return table.scaled(statistics.median(whole / one.latency(table) for whole, one in pairs))


def _parts_of(table: LatencyTable, genotype: Genotype) -> ChildParts:
    network_plan = table.plan(genotype.space, genotype.output_nodes)
    return child_latency.child_parts(genotype, network_plan, table.num_classes)


def report(measurement: Measurement) -> None:
    """Print the table, warn of a busy machine, and say where the file is."""
    table = measurement.table
    width = max(len(str(part)) for part in table.timings)
    print(f"\n{'part':{width}}  median ms  quartiles")
    for part, timing in table.timings.items():
        quartiles = f"{timing.lower:9.4f} {timing.upper:9.4f}"
        print(f"{part!s:{width}}  {timing.median:9.4f}  {quartiles}")
    print(f"{'a call':{width}}  {table.call:9.4f}")
    print(f"{'a node that sums edges':{width}}  {table.node:9.4f}\n")
    for predicted, measured in zip(measurement.predicted, measurement.measured, strict=True):
        print(f"a random child  predicted {predicted:.3f} ms  measured {measured:.3f} ms")
    _warn_of_spread(table.timings)
    print(f"table  {table.source}  {table.describe()}", flush=True)


def _warn_of_spread(timings: Mapping[Part, Timing]) -> None:
    slowest = max(timing.median for timing in timings.values())
    wide: dict[Any, Timing] = {
        part: timing
        for part, timing in timings.items()
        if timing.spread > _WIDE and timing.median > _LARGE * slowest
    }
    if wide:
        part = max(wide, key=lambda one: wide[one].spread)
        logging.warning(
            "the quartiles of %d of %d parts are more than %.0f %% apart, those of %s by %.0f %%: "
            "the machine was busy; measure again when it is idle, or with more `rounds`",
            len(wide),
            len(timings),
            100 * _WIDE,
            part,
            100 * wide[part].spread,
        )
