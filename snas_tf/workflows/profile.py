"""The profile: the cost of a child network."""

import json
import os
from typing import Any

from snas_tf.architecture import architectures
from snas_tf.architecture.child_latency import child_parts
from snas_tf.architecture.cost import Cost, total
from snas_tf.architecture.genotype import Genotype
from snas_tf.architecture.genotype_json import to_json
from snas_tf.architecture.latency_file import read as read_table
from snas_tf.architecture.latency_table import LatencyTable
from snas_tf.architecture.search_space import NetworkPlan
from snas_tf.architecture.width import widest_channels
from snas_tf.errors import UserError, format_setting
from snas_tf.models.description import Network, NetworkDescription
from snas_tf.models.runtimes import RUNTIMES, Runtime, TensorFlowRuntime
from snas_tf.workflows.latency import compile_network
from snas_tf.workflows.timing import median_milliseconds

_NUM_SLOWEST = 10
_COLUMNS = ("parameters", "multiply_adds", "memory_access")
_PIXELS = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
"""Mean and standard deviation of the pixels, which do not matter here."""


def profile(
    genotype: Genotype | str | os.PathLike[str],
    num_cells: int | None = None,
    init_channels: int | None = None,
    image_size: int = 32,
    num_classes: int = 10,
    stem: str = "cifar",
    max_multiply_adds: float = 0.0,
    latency_table: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Count and time a child network, without auxiliary classifier, or another network.

    Args:
        genotype: the cells; or a published one's name, the path of a genotype file, or
            `keras:NAME`, which of what follows only images and classes concern.
        num_cells: cells of the network; by default as many as evaluations in the genotype's search
            space have, 20 in that of DARTS.
        init_channels: channels of its first cell, by default as many as these have; 0 for the most
            that `max_multiply_adds` allows.
        image_size: side of the images, in pixels.
        num_classes: classes of the images.
        stem: one of `stems.NAMES`.
        max_multiply_adds: for one image; only where the width is to be found.
        latency_table: file of a latency table, to predict the latency. It is then measured with the
            table's runtime and threads.

    Returns:
        "parameters"; "multiply_adds" of convolutions and dense layers, per image;
        "memory_access", numbers read and written per image (Eq. 37, 40); "latency_ms", the median
        for one image of the network as it is exported; and the first three of each part in "parts".
        With a table, also "predicted_latency_ms" and "slowest", the ten parts that take longest.

    Raises:
        UserError: there is no such genotype or network, no network of its cells is as small as
            `max_multiply_adds`, the images are too small, the table can't be read or lacks a part,
            or TensorFlow has started with other threads than its.
        ValueError: too few cells, channels that are odd or negative, or an unknown stem.
    """
    architecture = genotype if isinstance(genotype, Genotype) else architectures.load(genotype)
    size = (image_size, image_size)
    if isinstance(architecture, Genotype):
        default_size = architecture.space.skeleton.evaluation_size
        num_cells = default_size[0] if num_cells is None else num_cells
        init_channels = default_size[1] if init_channels is None else init_channels
        init_channels = init_channels or widest_channels(
            architecture, num_cells, size, num_classes, max_multiply_adds, stem
        )
    else:
        num_cells = init_channels = 0
    described = NetworkDescription(
        num_cells, init_channels, size, tuple(map(str, range(num_classes))), *_PIXELS, stem
    )
    table = None if latency_table is None else read_table(latency_table)
    predicted = {}
    if table is not None:
        if not isinstance(architecture, Genotype):
            raise UserError(
                f"{format_setting('latency_table', latency_table)}: given with `genotype`="
                f"{architecture}, which has no cells, accepted: with a genotype"
            )
        predicted = _predict(table, architecture, described.plan(architecture), num_classes)
    # Before the network is made, because TensorFlow's threads can't be changed afterwards.
    runtime = TensorFlowRuntime() if table is None else RUNTIMES[table.runtime](table.threads)
    network = described.make_network(architecture)
    parts = network.count_parts()
    whole = total([part for _, part in parts])
    return {
        **_figures(whole),
        "latency_ms": round(measure_latency(network, size, runtime), 3),
        **predicted,
        "genotype": _describe(genotype),
        "network": stem,
        "num_cells": num_cells,
        "init_channels": init_channels,
        "image_size": image_size,
        "num_classes": num_classes,
        "parts": [{"name": name, **_figures(part)} for name, part in parts],
    }


def _describe(source: Genotype | str | os.PathLike[str]) -> Any:
    """The genotype as JSON can hold it: where it is from, or its entries."""
    return json.loads(to_json(source)) if isinstance(source, Genotype) else os.fspath(source)


def _figures(counted: Cost) -> dict[str, int]:
    return {name: getattr(counted, name) for name in _COLUMNS}


def measure_latency(
    network: Network, size: tuple[int, int], runtime: Runtime | None = None
) -> float:
    """Measure the milliseconds for one image; the weights do not matter."""
    call = compile_network(runtime or TensorFlowRuntime(), network, size)
    return median_milliseconds(call)


def _predict(
    table: LatencyTable, genotype: Genotype, network_plan: NetworkPlan, num_classes: int
) -> dict[str, Any]:
    """Predict the latency, and list the parts that take longest, copies together."""
    counted = child_parts(genotype, network_plan, num_classes)
    of_copies = {part: count * table.latency(part) for part, count in counted.counts.items()}
    slowest = sorted(of_copies, key=lambda part: -of_copies[part])[:_NUM_SLOWEST]
    return {
        "predicted_latency_ms": round(counted.latency(table), 3),
        "table": table.describe(),
        "slowest": [
            {
                "part": str(part),
                "count": counted.counts[part],
                "milliseconds": round(of_copies[part], 4),
            }
            for part in slowest
        ],
    }


def report(result: dict[str, Any]) -> None:
    """Print a table, then the result as one JSON object on the last line."""
    rows = [(part["name"], *(f"{part[name]:,}" for name in _COLUMNS)) for part in result["parts"]]
    total = ("total", *(f"{result[name]:,}" for name in _COLUMNS))
    head = ("", *(name.replace("_", " ") for name in _COLUMNS))
    widths = [max(map(len, column)) for column in zip(head, *rows, total, strict=True)]
    rule = tuple("-" * width for width in widths)
    for first, *others in (head, rule, *rows, rule, total):
        print("  ".join([first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]))
    if not result["num_cells"]:
        print(f"{result['genotype']} has no cells: only the size of images and the classes apply")
    if "slowest" in result:
        _report_slowest(result)
    predicted = ""
    if "predicted_latency_ms" in result:
        predicted = f", {result['predicted_latency_ms']:.3f} ms predicted"
    print(
        f"latency of one image, as exported, on this machine: {result['latency_ms']:.3f} ms"
        f"{predicted}"
    )
    print(json.dumps(result), flush=True)


def _report_slowest(result: dict[str, Any]) -> None:
    """Print the parts that take longest by the latency table."""
    print(f"\nthe parts that take longest ({result['table']}):")
    for one in result["slowest"]:
        print(f"{one['milliseconds']:8.3f} ms  {one['count']:3d} x {one['part']}")
    print()
