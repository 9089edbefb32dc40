"""A step of the search or of a child on several processes, and what they send each other in it.

    python benchmarks/machines.py [--processes=1,2] [--steps=6] [flags of search_step.py]

Every process has a core of its own, the same batch is shared by all. Synthetic images, as in
search_step.py. Prints for each number of processes the median seconds of a step, the seconds of
processor time that a process has for it, which other programs on the machine change less, the
efficiencies by both beside the first number, and the collective operations of a step with their
bytes.
"""

import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from benchmarks import search_step  # noqa: F401  # It defines the flags.
from tests.machines import config, free_addresses

flags.DEFINE_list("processes", ["1", "2"], "Numbers of processes.")
flags.DEFINE_integer("index", None, "The number of this process, which a benchmark sets.")
flags.DEFINE_string("genotype", None, "A published genotype: a child in place of a search.")


def measure():
    """Train some steps in this process; return the seconds of each and what is sent."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[flags.FLAGS.index]})
    from snas_tf import tensorflow_import

    tensorflow_import.import_tensorflow()
    from benchmarks import tensorflow_training
    from snas_tf.runs import cluster, devices

    devices.configure()
    processes, values = cluster.current(), flags.FLAGS
    strategy = devices.strategy(values.batch_size)
    with strategy.scope():
        model, batches = tensorflow_training.make(values, processes.share)
    parts = devices.distribute(strategy, batches)
    step = model.make_train_function()
    seconds, processor = [], []
    for _ in range(values.steps + 2):
        before = time.perf_counter(), time.process_time()
        float(step(parts)["loss"])
        seconds.append(time.perf_counter() - before[0])
        processor.append(time.process_time() - before[1])
    return {
        "seconds": statistics.median(seconds[2:]),
        "processor": statistics.median(processor[2:]),
        "sent": count_sent(step.get_concrete_function(parts).graph),
    }


def count_sent(graph):
    """Count the collective operations of a graph and its functions, and their bytes, by type."""
    found = collections.Counter()
    functions = [graph, *(one.graph for one in graph._functions.values() if hasattr(one, "graph"))]
    for function in functions:
        for operation in function.get_operations():
            if operation.type.startswith("Collective"):
                (tensor,) = operation.outputs[:1]
                found["operations"] += 1
                found["bytes"] += tensor.shape.num_elements() * tensor.dtype.size
    return dict(found)


def run(count):
    """Measure with some processes; return what the first one measured."""
    addresses = free_addresses(count)
    started = [
        subprocess.Popen(
            [sys.executable, __file__, *sys.argv[1:], f"--index={index}"],
            env={**os.environ, **({"TF_CONFIG": config(addresses, index)} if count > 1 else {})},
            stdout=subprocess.PIPE,
            text=True,
        )
        for index in range(count)
    ]
    outputs = [process.communicate()[0] for process in started]
    return json.loads(outputs[0].splitlines()[-1])


def main(_):
    """Measure each number of processes."""
    if flags.FLAGS.index is not None:
        print(json.dumps(measure()), flush=True)
        return
    first = {}
    print("processes  seconds  efficiency  processor  efficiency  sent in a step")
    for count in map(int, flags.FLAGS.processes):
        found = run(count)
        row = f"{count:9}"
        for name, width in (("seconds", 7), ("processor", 9)):
            first.setdefault(name, count * found[name])
            row += f"  {found[name]:{width}.3f}  {first[name] / (count * found[name]):10.0%}"
        print(f"{row}  {found['sent']}", flush=True)


if __name__ == "__main__":
    app.run(main)
