"""Effect of the levels of --constraint: small searches on CIFAR-10, several seeds each.

    python experiments/constraint_levels.py --data_dir=DIR [--weights=0,0.1] [--seeds=0,1,2]

Flags after `--` go to main.py and replace those of the calibration, for another size:

    python experiments/constraint_levels.py --model_dir=DIR -- --num_cells=5 --init_channels=4

A search that is finished is not repeated, so an interrupted table continues where it stopped.
"""

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags

from experiments import searches
from flags.penalty import CONSTRAINT_WEIGHTS
from snas_tf.architecture import child_size, genotype_json, network_cost
from snas_tf.architecture.spaces import DARTS

_LEVELS = [f"{weight:g}" for weight in CONSTRAINT_WEIGHTS.values()]
flags.DEFINE_list("weights", _LEVELS, "Weights eta; default: those of the levels.")
searches.define("runs/levels", seeds=["0", "1", "2"])

# One epoch: 351 steps, so that the rate of alpha is 30 / 351. Results:
# docs/results/constraint_levels.md.
SEARCH = (
    "--dataset=cifar10",
    "--num_cells=3",
    "--init_channels=8",
    "--image_size=8",
    "--batch_size=128",
    "--epochs=1",
    "--theta_learning_rate=0.1",
    "--alpha_learning_rate=0.1",
    "--alpha_weight_decay=0",
)


def search(weight, seed, others):
    """The result of one search; its child's size is that at evaluation size."""
    own = f"--constraint_weight={weight}", f"--seed={seed}"
    path, result = searches.run(f"s{seed}_w{weight}", *SEARCH, *own, *others)
    genotype = genotype_json.from_json((path / "genotype.json").read_text(encoding="utf-8"))
    child = evaluation_size(genotype)
    return {
        "edges": f"{result['child_edges']['normal']} + {result['child_edges']['reduce']}",
        "nodes": sum(
            len({edge.target for edge in genotype.cell(kind).edges}) for kind in DARTS.kinds
        ),
        "parameters": child.parameters,
        "multiply_adds": child.multiply_adds,
        "child": result["child_valid_accuracy"],
        "entropy": (result["entropy_normal"] + result["entropy_reduce"]) / 2,
    }


def evaluation_size(genotype):
    """Compute the cost of the child in the paper's evaluation."""
    network_plan = DARTS.plan_network(
        *DARTS.skeleton.evaluation_size, child_size.IMAGE_SIZE, genotype.output_nodes
    )
    return network_cost.child_cost(genotype, network_plan, child_size.NUM_CLASSES)


def row(weight, results):
    """A line of the table: means over the seeds; of each, its edges and nodes that edges enter."""

    def mean(name):
        return statistics.mean(result[name] for result in results)

    edges = ", ".join(result["edges"] for result in results)
    nodes = ", ".join(str(result["nodes"]) for result in results)
    return (
        f"| {weight} | {mean('parameters') / 1e6:.2f} M | {mean('multiply_adds') / 1e6:.0f} M "
        f"| {edges} | {nodes} | {mean('child'):.3f} | {mean('entropy'):.2f} |"
    )


def main(arguments):
    """Print the table, row by row."""
    print("| weight | parameters | multiply-adds | edges | nodes of 8 | child | entropy |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for weight in flags.FLAGS.weights:
        print(row(weight, [search(weight, seed, arguments[1:]) for seed in flags.FLAGS.seeds]))


if __name__ == "__main__":
    app.run(main)
