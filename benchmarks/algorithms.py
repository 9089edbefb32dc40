"""Step of every search algorithm beside that of SNAS, alternating; time and memory.

    python benchmarks/algorithms.py [--steps=6] [--credit] [flags of search_step.py]

Synthetic images, as in search_step.py. Each algorithm is a process of its own, and takes turns with
SNAS. With --credit: SNAS beside itself without the sums of credit, whose cost may be 2 % of a step.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from benchmarks import rounds, search_step  # noqa: F401  # search_step defines the flags
from snas_tf.config import SearchConfig, algorithms

flags.DEFINE_boolean("credit", False, "Measure the cost of credit in place of the algorithms.")

BAR = 0.02
"""Share of a step that credit may cost."""

VARIANTS = {
    **{name: {"algorithm": name} for name in algorithms.ALGORITHMS},
    "darts, order 2": {"algorithm": "darts", "darts_order": "2"},
    "darts, single level": {"algorithm": "darts", "darts_order": "single_level"},
    "snas, one-hot": {"relaxation": "one_hot"},
    "snas, 2 draws": {"draws": 2},
}
"""What each row overrides in the SearchConfig."""

WITHOUT_CREDIT = "snas without credit"


def make(name):
    """Make the candidate of a name."""
    from snas_tf import tensorflow_import

    tensorflow_import.import_tensorflow()
    from benchmarks import tensorflow_training
    from snas_tf.algorithms.snas import SNAS

    class WithoutCredit(SNAS):
        """SNAS that adds no credit, so that no gradient of Z is needed for it."""

        def _add_credit(self, *_):
            pass

    values = flags.FLAGS
    config = SearchConfig(values.num_cells, values.init_channels, **VARIANTS.get(name, {}))
    given = WithoutCredit if name == WITHOUT_CREDIT else None
    return tensorflow_training.search(config, values.batch_size, values.image_size, {}, given)


def compare_algorithms():
    """Print the step of each beside that of SNAS, and the memory of both."""
    print(f"{'median of a step':22}  seconds  of snas  ratio     GiB  of snas")
    with rounds.Worker("snas", __file__) as snas:
        for name in (name for name in VARIANTS if name != "snas" and flags.FLAGS.against in name):
            with rounds.Worker(name, __file__) as other:
                one, two, peaks = alternate(snas, other)
            print(
                f"{name:22}  {two:7.3f}  {one:7.3f}  {two / one:5.2f}  {peaks[1]:6.2f}  "
                f"{peaks[0]:7.2f}",
                flush=True,
            )


def alternate(first, second):
    """Alternate after two steps of each; return the medians of their seconds, and their memory."""
    for worker in (first, second):
        worker.run(2)
    medians = rounds.alternate(first, second, flags.FLAGS.steps)
    return *medians, [worker.run()["peak"] for worker in (first, second)]


def measure_credit():
    """Print the share of a step that credit takes."""
    with (
        rounds.Worker("snas", __file__) as snas,
        rounds.Worker(WITHOUT_CREDIT, __file__) as without,
    ):
        one, two, _ = alternate(snas, without)
    share = one / two - 1
    print(f"with credit {one:.4f} s, without {two:.4f} s: {share:+.1%} (bar: {BAR:.0%})")


def main(_):
    """Measure what is asked for."""
    values = flags.FLAGS
    if values.worker:
        rounds.serve(lambda: make(values.worker))
    elif values.credit:
        measure_credit()
    else:
        compare_algorithms()


if __name__ == "__main__":
    app.run(main)
