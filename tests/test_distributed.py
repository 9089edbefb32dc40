"""What tests/two_replicas.py tests, on two logical CPU devices."""

import subprocess
import sys

from tests.programs import ROOT


def test_training_on_two_replicas_is_that_on_one_device():
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/two_replicas.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-5000:]
