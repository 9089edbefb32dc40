"""A chief and two workers, each a process; a worker is killed."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from snas_tf.tuning.role import ID, IP, PORT
from tests.programs import ROOT


def start(path, name, port, *rest):
    variables = {ID: name, IP: "127.0.0.1", PORT: str(port)}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.workflows.small_sweep", str(path), *rest],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_but_its_time(tmp_path):
    path, port = tmp_path / "a sweep", free_port()
    chief = start(path, "chief", port)
    lost, worker = start(path, "lost", port, "hang"), start(path, "worker", port)
    for line in lost.stdout:
        if line == "hangs\n":
            break
    lost.send_signal(signal.SIGKILL)
    said = worker.communicate(timeout=900)[0]
    heard = chief.communicate(timeout=900)[0]
    assert (chief.returncode, worker.returncode) == (0, 0), heard + said
    assert "lost is lost: silent for" in heard
    assert heard.endswith("complete\n")
    summary = json.loads((path / "pareto.json").read_text())
    assert [one["trial"] for one in summary["trials"]] == [1, 2]
    assert summary["failed"] == []
    smallest = min(summary["trials"], key=lambda one: (one["parameters"], -one["accuracy"]))
    best = max(summary["trials"], key=lambda one: (one["accuracy"], -one["parameters"]))
    recommended = summary["recommended"]
    assert (recommended["smallest"], recommended["best"]) == (smallest["trial"], best["trial"])
    assert said.count(" of 2: weight=") == 2
    assert "\nresuming" in said
