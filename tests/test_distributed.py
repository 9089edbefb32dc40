"""What tests/two_replicas.py tests, on two logical CPU devices; and what is killed there."""

import subprocess
import sys

import pytest
from absl import flags

from flags import command_line
from snas_tf.architecture import spaces
from snas_tf.config import algorithms
from tests.programs import ROOT
from tools.faults import runs


@pytest.mark.slow
def test_training_on_two_replicas_is_that_on_one_device():
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/two_replicas.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-5000:]


def test_runs_of_every_algorithm_space_and_training_are_killed_on_several_devices(tmp_path):
    found = set()
    for kind in runs.RUNS:
        values = flags.FlagValues()
        command_line.parse([str(runs.MAIN), *runs.flags(kind, tmp_path, tmp_path)], values)
        names = ("mode", "algorithm", "space")
        found |= {(name, values[name].value) for name in names if name in values}
    assert {("mode", mode) for mode in ("search", "evaluate", "imagenet")} <= found
    assert {("algorithm", name) for name in algorithms.ALGORITHMS} <= found
    assert {("space", name) for name in (spaces.DARTS.name, spaces.NASBENCH201.name)} <= found
