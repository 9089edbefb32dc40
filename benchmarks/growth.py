"""How a search step's time and memory grow with cells, channels, images a step and image size.

    python benchmarks/growth.py [--steps=6] [--turns=3] [--output=FILE.png]

One size is varied at a time around a small search. All points take turns, each turn a process of
its own, and medians count. The exponent b of cost = a size^b is fitted over all points of a line.
Memory is that beyond what the process has before its first step.
"""

import json
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import numpy as np
from absl import app, flags

from benchmarks import rounds, search_step

flags.DEFINE_string("output", "docs/results/performance/growth.png", "The plot.")
flags.DEFINE_integer("turns", 3, "Processes of each point.", 1)

BASE = {"num_cells": 5, "init_channels": 8, "batch_size": 32, "image_size": 16}
LINES = {
    "num_cells": (3, 5, 8),
    "init_channels": (4, 8, 16),
    "batch_size": (16, 32, 64, 128),
    "image_size": (8, 16, 32),
}


def make(sizes):
    """The candidate of a point, with what its process has resident before the first step."""
    for name, size in sizes.items():
        setattr(flags.FLAGS, name, size)
    candidate = search_step.ours({})
    candidate.phases["resident"] = rounds.peak_gib()
    return candidate


def line_points(name):
    """The sizes of each point of a line."""
    return [{**BASE, name: size} for size in LINES[name]]


def measure_all():
    """The medians of each point over all turns, by its sizes."""
    points = {tuple(point.values()): point for name in LINES for point in line_points(name)}
    turns = []
    for turn in range(flags.FLAGS.turns):
        print(f"turn {turn + 1} of {flags.FLAGS.turns}", flush=True)
        turns.append({key: measure(point) for key, point in points.items()})
    return {
        key: {
            one: statistics.median(turn[key][one] for turn in turns) for one in ("seconds", "GiB")
        }
        for key in points
    }


def measure(sizes):
    """Seconds of a step and GiB of one point, in one process."""
    with rounds.Worker(json.dumps(sizes), __file__) as worker:
        worker.run(2)
        answer = worker.run(flags.FLAGS.steps)
    memory = answer["peak"] - answer["phases"]["resident"]
    return {"seconds": statistics.median(answer["seconds"]), "GiB": memory}


def exponent(sizes, costs):
    """The slope of log cost over log size."""
    return np.polyfit(np.log(sizes), np.log(costs), 1)[0]


def draw(lines, path):
    """Save cost over size, both as multiples of the base's, a panel a measure."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, measure_name in zip(figure.subplots(1, 2), ("seconds", "GiB"), strict=True):
        for name, points in lines.items():
            sizes = np.array(list(points))
            costs = np.array([point[measure_name] for point in points.values()])
            base = points[BASE[name]][measure_name]
            label = f"{name.replace('_', ' ')}: {exponent(sizes, costs):.2f}"
            axes.loglog(sizes / BASE[name], costs / base, "o-", label=label, base=2)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")
        axes.set(xlabel="size, of the base's", ylabel=f"{measure_name}, of the base's")
        axes.legend(title="exponent")
        axes.grid(True, alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(_):
    """Print a line for each point and each exponent; save the plot."""
    if flags.FLAGS.worker:
        rounds.serve(lambda: make(json.loads(flags.FLAGS.worker)))
        return
    medians, lines = measure_all(), {}
    for name, sizes in LINES.items():
        points = [medians[tuple(point.values())] for point in line_points(name)]
        lines[name] = dict(zip(sizes, points, strict=True))
        for size, point in lines[name].items():
            print(f"{name:14} {size:4} {point['seconds']:8.3f} s {point['GiB']:6.2f} GiB")
        for one in ("seconds", "GiB"):
            costs = [point[one] for point in points]
            print(f"{name:14} exponent of {one}: {exponent(sizes, costs):.2f}")
    draw(lines, pathlib.Path(flags.FLAGS.output))


if __name__ == "__main__":
    app.run(main)
