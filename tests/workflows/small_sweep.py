"""A sweep in a small space, whose trials take a second: for tests, and as one of its processes.

python -m tests.workflows.small_sweep DIRECTORY [hang]
"""

import os
import pathlib
import sys
import time

from snas_tf.architecture import spaces
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import Choices, DataConfig, RunConfig, TunerConfig, Tuning

SPACE = spaces.register(
    SearchSpace("tuned_in_tests", ("none", "skip_connect", "sep_conv_3x3"), num_intermediate=1)
)
SETTINGS = {
    "space": SPACE.name,
    "num_cells": 3,
    "init_channels": 2,
    "epochs": 1,
    "skip_threshold": 0.0,
    "theta_clip_norm": 0.0,
}
WEIGHTS = {"weight": Choices("constraint_weight", {"0.1": 0.1, "1": 1.0, "2": 2.0})}
DATA = DataConfig("digits", batch_size=450)


def main():
    """Take part in the sweep; `hang` stays in its first trial."""
    from snas_tf.algorithms.search_monitor import SearchMonitor
    from snas_tf.workflows.tune import tune

    directory, *rest = sys.argv[1:]
    if rest:
        SearchMonitor.keep = hang
    tuning = Tuning(TunerConfig(trials=2, worker_timeout=6), WEIGHTS, SETTINGS)
    summary = tune(tuning, DATA, RunConfig(pathlib.Path(directory)))
    if summary is not None:
        print("complete" if summary["complete"] else "incomplete", flush=True)


def hang(monitor, epoch, row):
    """Say that a trial is under way, and stay in it."""
    print("hangs", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
