"""Step of the search, ours and PyTorch's, alternating; and the limit of the machine.

    python benchmarks/search_step.py [--batch_size=64] [--num_cells=8] [--init_channels=16]

Synthetic images, so that no download is in the way; everything else is what a search runs. Needs
requirements-benchmark.txt.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from benchmarks import limits, rounds
from snas_tf.architecture import cost, network_cost
from snas_tf.architecture.spaces import DARTS

flags.DEFINE_integer("num_cells", 8, "Cells of the parent.", 3)
flags.DEFINE_integer("init_channels", 16, "Channels of its first cell.", 2)
flags.DEFINE_integer("image_size", 32, "Side of the images.", 8)
flags.DEFINE_integer("batch_size", 64, "Images a step.", 1)
flags.DEFINE_integer("steps", 6, "Steps of each candidate, after the first two.", 1)

VARIANTS = {
    "ours": {},
    "ours, temperature 0.03": {"initial_temperature": 0.03, "final_temperature": 0.03},
    "ours, one-hot": {"relaxation": "one_hot"},
    "ours, bfloat16": {"precision": "bfloat16"},
    "ours, one-hot, bfloat16": {"relaxation": "one_hot", "precision": "bfloat16"},
    "ours, float16": {"precision": "float16"},
}
"""What each row of ours overrides in the SearchConfig."""


def plan():
    """Plan the parent that the flags describe."""
    values = flags.FLAGS
    size = (values.image_size, values.image_size)
    return DARTS.plan_network(values.num_cells, values.init_channels, size)


def ours(overrides):
    """Make the candidate of `--mode=search`."""
    phases = {"interpreter": rounds.process_age()}
    from snas_tf import tensorflow_import

    tensorflow_import.import_tensorflow()
    from benchmarks import tensorflow_training
    from snas_tf.config import SearchConfig

    phases["import"] = rounds.process_age()
    values = flags.FLAGS
    config = SearchConfig(
        values.num_cells, values.init_channels, constraint_weight=0.1, **overrides
    )
    return tensorflow_training.search(config, values.batch_size, values.image_size, phases)


def pytorch(name):
    """Make the candidate in PyTorch."""
    phases = {"interpreter": rounds.process_age()}
    from benchmarks import pytorch_layers, pytorch_parent

    phases["import"] = rounds.process_age()
    values = flags.FLAGS
    pytorch_layers.configure()
    memory_format = pytorch_layers.FORMATS[name]
    network = pytorch_parent.Parent(values.num_cells, values.init_channels, memory_format)
    costs = network_cost.normalize_costs(network_cost.edge_costs_by_criterion(plan()))
    batch = pytorch_layers.synthetic_batch(values.batch_size, values.image_size)
    search = pytorch_parent.Search(network, costs, batch)
    phases["build"] = rounds.process_age()
    return rounds.Candidate(search.step, pytorch_layers.parameters(network), phases)


def make(name):
    """Make the candidate of a name."""
    return ours(VARIANTS[name]) if name in VARIANTS else pytorch(name)


def needed():
    """Multiply-adds of a step, three times those forward, and bytes that those read and write."""
    network_plan = plan()
    costs = [network_cost.cell_costs(DARTS, cell) for cell in network_plan]
    found = [one for rows in costs for row in rows for one in row]
    return limits.of_training(
        cost.total([network_cost.fixed_cost(network_plan, 10), *found]), flags.FLAGS.batch_size
    )


def main(_):
    """Print a line for each comparison."""
    values = flags.FLAGS
    if values.worker:
        rounds.serve(lambda: make(values.worker))
        return
    names = [*VARIANTS, *rounds.BASELINES]
    print("median seconds of a step")
    limits.report(*needed(), rounds.compare(__file__, names, values.steps))


if __name__ == "__main__":
    app.run(main)
