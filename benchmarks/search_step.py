"""Time from process start to the end of the first train step, time of a step, peak memory.

    python benchmarks/search_step.py [--batch_size=64] [--num_cells=8] [--init_channels=16]

Synthetic images, so that no download is in the way; everything else is what a search runs.
"""

import os
import pathlib
import resource
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from absl import app, flags

from snas_tf import quiet

quiet.import_tensorflow()

import numpy as np

from snas_tf.config import DataConfig, SearchConfig
from snas_tf.data import pipeline
from snas_tf.data.datasets import Dataset, Images
from snas_tf.models.description import NetworkDescription
from snas_tf.training import runtime
from snas_tf.training.search_model import SearchModel

flags.DEFINE_integer("num_cells", 8, "Cells of the parent.", 3)
flags.DEFINE_integer("init_channels", 16, "Channels of its first cell.", 2)
flags.DEFINE_integer("image_size", 32, "Side of the images.", 8)
flags.DEFINE_integer("batch_size", 64, "Images a step.", 1)
flags.DEFINE_integer("steps", 8, "Steps to time, after the first.", 1)


def process_age():
    """Seconds since this process was started, the interpreter's own start included (Linux)."""
    started = float(pathlib.Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    uptime = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    return uptime - started / os.sysconf("SC_CLK_TCK")


def main(_):
    """Prints a line for each figure."""
    values = flags.FLAGS
    runtime.configure()
    generator = np.random.default_rng(0)
    shape = (values.batch_size * 2, values.image_size, values.image_size, 3)
    images = Images(generator.integers(0, 256, shape, np.uint8), np.arange(shape[0]) % 10)
    dataset = Dataset("synthetic", images, images, tuple("0123456789"), mirror=True)
    config = SearchConfig(values.num_cells, values.init_channels, constraint_weight=0.1)
    data_config = DataConfig(batch_size=values.batch_size)
    size = (values.image_size, values.image_size)
    description = NetworkDescription(
        values.num_cells, values.init_channels, size, dataset.class_names, (120,) * 3, (60,) * 3
    )
    model = SearchModel(description.parent(), config, values.steps + 1, seed=0)
    batches = iter(pipeline.training_batches(dataset, data_config, 0, 0, values.steps + 1))
    model.make_train_function()
    step = model.train_function
    step(batches)
    print(f"process start to end of first step  {process_age():6.1f} s", flush=True)
    seconds = []
    for _ in range(values.steps):
        start = time.monotonic()
        step(batches)
        seconds.append(time.monotonic() - start)
    print(f"step, median of {values.steps}                    {statistics.median(seconds):6.2f} s")
    print(f"step, fastest and slowest           {min(seconds):6.2f} {max(seconds):6.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak resident set                   {peak:6.2f} GiB")


if __name__ == "__main__":
    app.run(main)
