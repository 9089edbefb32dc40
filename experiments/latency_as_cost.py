"""Searches whose cost is latency, and searches whose cost is parameters, side by side.

    python main.py --mode=latency --latency_table=latency.json --num_cells=8 --init_channels=16
    python experiments/latency_as_cost.py --latency_table=latency.json --data_dir=DIR

For each cost, weight and seed a search, and a training of its child from scratch, at the size that
the table is of. Flags after `--` go to the searches and the trainings, such as `--epochs=3`. What
is finished is not repeated, so an interrupted experiment continues where it stopped; latencies are
measured at its end, when nothing else should run.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags, logging

from experiments import searches
from snas_tf import plots, tensorflow_import
from snas_tf.architecture import child_latency, latency_file
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.files import whole_files

flags.DEFINE_string("latency_table", None, "The table.", required=True)
flags.DEFINE_list("weights", ["0.03", "0.1", "0.3"], "Weights eta of each cost.")
flags.DEFINE_list("child", ["--epochs=10"], "Flags of the trainings only.")
searches.define("runs/latency_as_cost", seeds=["0", "1", "2"])

CRITERIA = ("parameters", "flops", "memory_access", "latency")
COSTS = ("latency", "parameters")
SEARCH = (
    "--dataset=cifar10",
    "--num_cells=5",
    "--init_channels=8",
    "--image_size=16",
    "--batch_size=128",
    "--epochs=5",
    "--theta_learning_rate=0.1",
)
TRAINING = ("--dataset=cifar10", "--batch_size=128", "--auxiliary_weight=0", "--cutout_length=0")


def find(table, cost, weight, seed, others):
    """Search a cell and train its child: its genotype, and its accuracy on test images."""
    weights = [f"--{name}_weight={int(name == cost)}" for name in CRITERIA]
    own = f"--constraint_weight={weight}", f"--seed={seed}", f"--latency_table={table.source}"
    name = f"{cost}_w{weight}_s{seed}"
    run, _ = searches.run(name, *SEARCH, *weights, *own, *others)
    size = f"--num_cells={table.num_cells}", f"--init_channels={table.init_channels}"
    given = (f"--genotype={run / 'genotype.json'}", f"--image_size={table.image_size}", *size)
    settings = (*TRAINING, *given, f"--seed={seed}", *others, *flags.FLAGS.child)
    _, result = searches.run(f"{name}_child", "--mode=evaluate", *settings)
    return read_genotype(run / "genotype.json"), 1 - result["test_error"]


def measure(table, genotypes):
    """Measure the latency of children in turn, in milliseconds."""
    import numpy as np

    from snas_tf.models.runtimes import RUNTIMES
    from snas_tf.workflows.latency import compile_child
    from snas_tf.workflows.timing import alternate

    runtime = RUNTIMES[table.runtime](table.threads)
    calls = []
    for genotype in genotypes:
        network_plan = table.plan(genotype.space, genotype.output_nodes)
        calls.append(compile_child(runtime, genotype, network_plan, table.num_classes))
    return np.median(alternate(calls, range(20)), axis=0).tolist()


def main(arguments):
    """Search, train and measure; print a table of the children, and draw them."""
    values, others = flags.FLAGS, arguments[1:]
    table = latency_file.read(values.latency_table)
    keys = [(cost, w, seed) for cost in COSTS for w in values.weights for seed in values.seeds]
    found = {key: find(table, *key, others) for key in keys}
    logging.set_verbosity(logging.WARNING)  # TensorFlow tells of every file that it converts.
    tensorflow_import.import_tensorflow()
    measured = measure(table, [genotype for genotype, _ in found.values()])
    print("| cost | weight | seed | measured | predicted | accuracy |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows = []
    for (key, (genotype, accuracy)), latency in zip(found.items(), measured, strict=True):
        predicted = child_latency.predict(table, genotype)
        rows.append([*key, latency, predicted, accuracy])
        print(f"| {' | '.join(key)} | {latency:.3f} ms | {predicted:.3f} ms | {accuracy:.4f} |")
    path = pathlib.Path(values.model_dir)
    whole_files.write_text(path / "children.json", json.dumps(rows, indent=1) + "\n")
    points = {cost: [(row[3], row[5]) for row in rows if row[0] == cost] for cost in COSTS}
    plots.save(plots.draw_accuracies(points), path / "children.png")
    print(path / "children.png")


if __name__ == "__main__":
    app.run(main)
