"""Draw the validation accuracy of searches over seconds, from their metrics.csv.

    python experiments/accuracy_over_time.py concrete=RUN one-hot=RUN [--output=FILE.png]

A curve for each NAME=RUN, RUN the directory of a run.
"""

import csv
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags

from snas_tf import plots

flags.DEFINE_string("output", "accuracy_over_time.png", "The picture.")


def read(run):
    """Seconds and validation accuracy at the end of each epoch."""
    with (pathlib.Path(run) / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [[float(row[name]) for row in rows] for name in ("seconds", "valid_accuracy")]


def main(arguments):
    """Draw a curve for each NAME=RUN."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.add_subplot()
    for argument in arguments[1:]:
        name, run = argument.split("=", 1)
        axes.plot(*read(run), "o-", label=name)
    axes.set(xlabel="seconds", ylabel="validation accuracy", ylim=(0, None), xlim=(0, None))
    axes.grid(True, alpha=0.3)
    axes.legend(loc="lower right")
    plots.save(figure, flags.FLAGS.output)


if __name__ == "__main__":
    app.run(main)
