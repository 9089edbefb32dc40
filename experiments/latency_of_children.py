"""Latency of random children: predicted by a latency table, and measured.

    python main.py --mode=latency --latency_table=latency.json
    python experiments/latency_of_children.py --latency_table=latency.json [--children=20]

Each child is measured once and kept in --output, a JSON file, so an interrupted experiment
continues where it stopped. It ends with a picture beside that file. Nothing else should run
meanwhile.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags, logging

from snas_tf import plots, tensorflow_import
from snas_tf.architecture import child_latency, genotype_json, latency_table, spaces
from snas_tf.files import whole_files

flags.DEFINE_string("latency_table", None, "The table.", required=True)
flags.DEFINE_integer("children", 20, "Number of children.", 1)
flags.DEFINE_integer("rounds", 20, "How often each is measured.", 1)
flags.DEFINE_string("output", "runs/latency_of_children.json", "What was measured.")

_SEED = 1000  # of the children; the table's own are drawn with another one
_TOLERANCE = 0.15


def measure(table, runtime, number):
    """Draw a child and measure it: predicted and measured milliseconds, and its genotype."""
    import numpy as np

    from snas_tf.workflows.comparison_runs import draw_genotype
    from snas_tf.workflows.latency import compile_child
    from snas_tf.workflows.timing import alternate

    genotype = draw_genotype(spaces.get(table.space), _SEED, number)
    network_plan = table.plan(genotype.space, genotype.output_nodes)
    call = compile_child(runtime, genotype, network_plan, table.num_classes)
    measured = float(np.median(alternate([call], range(flags.FLAGS.rounds))))
    return {
        "predicted": child_latency.predict(table, genotype),
        "measured": measured,
        "genotype": json.loads(genotype_json.to_json(genotype)),
    }


def main(_):
    """Measure what is not measured yet, print every child, and draw them."""
    logging.set_verbosity(logging.WARNING)  # TensorFlow tells of every file that it converts.
    tensorflow_import.import_tensorflow()
    from snas_tf.models.runtimes import RUNTIMES

    table = latency_table.read(flags.FLAGS.latency_table)
    runtime, path = RUNTIMES[table.runtime](table.threads), pathlib.Path(flags.FLAGS.output)
    kept = {"table": table.digest, "children": []}
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
    if kept["table"] != table.digest:
        sys.exit(f"{path}: of another latency table, accepted: another --output")
    path.parent.mkdir(parents=True, exist_ok=True)
    print("| child | predicted | measured | deviation |\n| --- | --- | --- | --- |")
    for number in range(flags.FLAGS.children):
        if number == len(kept["children"]):
            kept["children"].append(measure(table, runtime, number))
            whole_files.write_text(path, json.dumps(kept, indent=1) + "\n")
        child = kept["children"][number]
        predicted, measured = child["predicted"], child["measured"]
        share = predicted / measured - 1
        print(f"| {number} | {predicted:.3f} ms | {measured:.3f} ms | {share:+.1%} |", flush=True)
    points = [(child["predicted"], child["measured"]) for child in kept["children"]]
    deviations = [abs(predicted / measured - 1) for predicted, measured in points]
    within = sum(one <= _TOLERANCE for one in deviations)
    print(
        f"\n{within} of {len(points)} within {_TOLERANCE:.0%}, the worst {max(deviations):.1%} off"
    )
    plots.save(plots.draw_predictions(points, _TOLERANCE), path.with_suffix(".png"))
    print(path.with_suffix(".png"))


if __name__ == "__main__":
    app.run(main)
