"""Latency tables with made-up times, for tests of what reads them."""

from snas_tf.architecture import latency_file, network_parts, spaces
from snas_tf.architecture.latency_table import LatencyTable, Timing


def make_table(
    name="darts", num_cells=3, init_channels=4, image_size=8, num_nodes=None, **replaced
):
    """A table whose parts take 0.001, 0.002, ... ms, a call 0.5 ms, a node's sum 0.01 ms."""
    space = spaces.get(name).vary(None, num_nodes)
    size = (image_size, image_size)
    plan = space.plan_network(num_cells, init_channels, size)
    parts = network_parts.distinct_parts(plan, 10)
    settings = {
        "space": name,
        "num_cells": num_cells,
        "init_channels": init_channels,
        "image_size": image_size,
        "num_classes": 10,
        "stem": "cifar",
        "runtime": "litert",
        "threads": 1,
        "machine": {"processor": "a processor", "date": "2026-01-31"},
        "call": 0.5,
        "node": 0.01,
        "timings": {
            part: Timing(0.001 * place, 0.00095 * place, 0.00105 * place)
            for place, part in enumerate(parts, 1)
        },
    }
    return LatencyTable(**{**settings, **replaced})


def write_table(path, **settings):
    """Write such a table, and return its path."""
    path.write_text(latency_file.to_json(make_table(**settings)), encoding="utf-8")
    return path
