r"""Entropy of searches of several lengths, compared with the model of deciding_model.py.

    python experiments/deciding.py --data_dir=DIR [--epochs=1,4,14] [--seeds=0]

Searches with the main command's defaults on CIFAR-10 of 8 x 8, with 3 cells, 4 channels and 32
images a step: 1,406 steps an epoch. Flags after `--` go to main.py, and replace those:

    python experiments/deciding.py --epochs=40 --seeds=0,1,2 --model_dir=DIR -- \
        --dataset=digits --image_size=8 --init_channels=8 --batch_size=64

A search that is finished is not repeated, and one that was interrupted continues. Prints a row for
each: entropies, accuracies, and the ratio of signal to noise with which the model ends at the
entropy of the normal and of the reduction cell. Writes the rows to results.json.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import numpy as np
from absl import app, flags

from experiments import deciding_model, searches

flags.DEFINE_list("epochs", ["1", "4", "14"], "Lengths.")
searches.define("runs/deciding", seeds=["0"])

SEARCH = (
    "--dataset=cifar10",
    "--constraint=mild",
    "--image_size=8",
    "--num_cells=3",
    "--init_channels=4",
    "--batch_size=32",
)
RATIOS = np.array([0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8])


def search(epochs, seed, others):
    """The row of one search."""
    own = f"--epochs={epochs}", f"--seed={seed}"
    path, result = searches.run(f"epochs_{epochs}_seed_{seed}", *SEARCH, *own, *others)
    header, *rows = (path / "metrics.csv").read_text(encoding="utf-8").splitlines()
    last = dict(zip(header.split(","), rows[-1].split(","), strict=True))
    return {
        "steps": result["steps"],
        "seed": int(seed),
        "rate": float(last["alpha_learning_rate"]),
        **{name: result[name] for name in ("entropy_normal", "entropy_reduce")},
        "sampled": result["search_valid_accuracy"],
        "child": result["child_valid_accuracy"],
        "edges": result["child_edges"],
    }


def ratios(entropies, settings):
    """For each entropy, the ratio with which the model of a search ends there, to its grid."""
    log_alpha, *_ = deciding_model.search(settings, RATIOS, edges=112)
    modeled = deciding_model.entropy(log_alpha)
    return [float(RATIOS[np.abs(modeled - entropy).argmin()]) for entropy in entropies]


def main(arguments):
    """Print the table, row by row."""
    values, rows = flags.FLAGS, []
    print("| steps | seed | rate | entropy, normal and reduce | model's ratio | sampled | child |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for epochs in values.epochs:
        for seed in values.seeds:
            row = search(epochs, seed, arguments[1:])
            entropies = row["entropy_normal"], row["entropy_reduce"]
            settings = deciding_model.Settings(row["steps"], row["rate"])
            row["ratios"] = ratios(entropies, settings)
            rows.append(row)
            cells = [f"{one:.2f}, {other:.2f}" for one, other in (entropies, row["ratios"])]
            print(
                f"| {row['steps']} | {seed} | {row['rate']:.2g} | {' | '.join(cells)} "
                f"| {row['sampled']:.3f} | {row['child']:.3f} |",
                flush=True,
            )
    path = pathlib.Path(values.model_dir) / "results.json"
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app.run(main)
