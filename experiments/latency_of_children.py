"""Latency of random children: predicted by a latency table, and measured in the same rounds.

    python experiments/latency_of_children.py [--children=20] [--rounds=20] [--output=DIR]

Measures a table as `--mode=latency` does, and with it children that the table does not depend on:
what slows the machine for a while slows the parts and the children alike. Writes the table, what
was measured, and a picture of it into --output. Nothing else should run meanwhile.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags, logging

from snas_tf import plots, tensorflow_import
from snas_tf.config import LatencyConfig
from snas_tf.files import whole_files

flags.DEFINE_integer("children", 20, "Number of children.", 1)
flags.DEFINE_integer("rounds", 20, "How often each is measured.", 1)
flags.DEFINE_enum("runtime", "tensorflow", ["tensorflow", "litert"], "What runs them.")
flags.DEFINE_string("output", "runs/latency_of_children", "Directory of what is written.")

_SEED = 1000  # of the children; those that a table is fitted to are drawn with another one
_TOLERANCE = 0.15


def main(_):
    """Measure, print every child, and draw them."""
    logging.set_verbosity(logging.WARNING)  # TensorFlow tells of every file that it converts.
    values, directory = flags.FLAGS, pathlib.Path(flags.FLAGS.output)
    directory.mkdir(parents=True, exist_ok=True)
    tensorflow_import.import_tensorflow()
    from snas_tf.workflows import latency
    from snas_tf.workflows.comparison_runs import draw_genotype

    config = LatencyConfig(directory / "latency.json", runtime=values.runtime, rounds=values.rounds)
    space = config.search_space
    genotypes = [draw_genotype(space, _SEED, number) for number in range(values.children)]
    measurement = latency.measure(config, genotypes)
    pairs = [*zip(measurement.predicted, measurement.measured, strict=True)]
    fitted, points = pairs[: latency.NUM_CHILDREN], pairs[latency.NUM_CHILDREN :]
    content = {"machine": measurement.table.describe(), "fitted": fitted, "children": points}
    whole_files.write_text(directory / "children.json", json.dumps(content, indent=1) + "\n")
    print("| child | predicted | measured | deviation |\n| --- | --- | --- | --- |")
    for number, (predicted, measured) in enumerate(points):
        share = predicted / measured - 1
        print(f"| {number} | {predicted:.3f} ms | {measured:.3f} ms | {share:+.1%} |")
    deviations = [abs(predicted / measured - 1) for predicted, measured in points]
    within = sum(one <= _TOLERANCE for one in deviations)
    worst = max(deviations)
    print(f"\n{within} of {len(points)} within {_TOLERANCE:.0%}, the worst {worst:.1%} off")
    plots.save(plots.draw_predictions(points, _TOLERANCE), directory / "children.png")


if __name__ == "__main__":
    app.run(main)
