"""Start-up and memory of the search, ours and PyTorch's, in new, alternating processes.

    python benchmarks/search_start.py [--starts=3] [--against=NAME] [flags of search_step.py]

Time from the start of a process to the end of its first step, where it goes, and the most memory
resident after as many steps each.
"""

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags

from benchmarks import rounds, search_step

flags.DEFINE_integer("starts", 3, "Processes of each candidate.", 1)
flags.DEFINE_integer("memory_steps", 3, "Steps after which memory is read.", 1)


def start(name):
    """Start a process, and return its answer to the first steps."""
    with rounds.Worker(name, __file__) as worker:
        worker.run()
        return worker.run(flags.FLAGS.memory_steps - 1)


def line(name, answers):
    """Medians over a candidate's processes."""
    ages = {
        phase: statistics.median(answer["phases"][phase] for answer in answers)
        for phase in answers[0]["phases"]
    }
    before = [0.0, *ages.values()]
    spent = [f"{phase} {ages[phase] - was:.1f}" for phase, was in zip(ages, before, strict=False)]
    peak = statistics.median(answer["peak"] for answer in answers)
    return f"{name:24} {ages['first step']:6.1f} s   {peak:5.2f} GiB   ({', '.join(spent)})"


def main(_):
    """Print a line for each process, then the medians of each candidate."""
    if flags.FLAGS.worker:
        rounds.serve(lambda: search_step.make(flags.FLAGS.worker))
        return
    others = ["ours, one-hot", "ours, bfloat16", "ours, float16", *rounds.BASELINES]
    names = ["ours", *(name for name in others if flags.FLAGS.against in name)]
    answers = {name: [] for name in names}
    print(f"to the end of the first step; peak after {flags.FLAGS.memory_steps}; seconds of phases")
    for _ in range(flags.FLAGS.starts):
        for name in names:
            answers[name].append(start(name))
            print(line(name, answers[name][-1:]), flush=True)
    print("medians")
    for name in names:
        print(line(name, answers[name]))


if __name__ == "__main__":
    app.run(main)
