"""Candidates in separate, alternating processes, so that a busy machine slows all equally.

A benchmark is both the driver and, started again with --worker=NAME, the process of one candidate:
a process holds one framework, and sleeps while another's turn is timed.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from absl import flags, logging

flags.DEFINE_string("worker", None, "Used by the benchmark itself: run this candidate.")
flags.DEFINE_string("against", "", "Compare only with candidates whose names contain this.")

BASELINES = ("PyTorch, channels first", "PyTorch, channels last")
"""Both memory layouts; the faster one counts."""


class Candidate(NamedTuple):
    """Candidate of a comparison.

    Attributes:
        step: does the work once, to its end.
        parameters: number of parameters of its network, to notice unequal ones; or None.
        phases: age of the process, in seconds, at the end of each phase of its start so far.
    """

    step: Callable[[], Any]
    parameters: int | None
    phases: dict[str, float]


def process_age():
    """Seconds since this process was started, the interpreter's own start included (Linux)."""
    started = float(pathlib.Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    uptime = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    return uptime - started / os.sysconf("SC_CLK_TCK")


def peak_gib():
    """The most memory that this process has had resident (Linux)."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 2**20


def serve(make):
    """Make a candidate, and run as many steps as each line of standard input says."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # output of libraries is no answer
    logging.set_verbosity(logging.ERROR)
    candidate = make()
    print(json.dumps({"parameters": candidate.parameters}), file=answers)
    for line in sys.stdin:
        seconds = [_timed(candidate.step) for _ in range(int(line))]
        candidate.phases.setdefault("first step", process_age())
        answer = {"seconds": seconds, "peak": peak_gib(), "phases": candidate.phases}
        print(json.dumps(answer), file=answers)


def _timed(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


class Worker:
    """The process of one candidate of a script.

    Args:
        name: the candidate's.
        script: the file that knows it.
    """

    def __init__(self, name, script):
        self.name = name
        command = [sys.executable, script, *sys.argv[1:], f"--worker={name}"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.parameters = self._answer()["parameters"]

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with code {self.process.wait()}")
        return json.loads(line)

    def run(self, steps=1):
        """Run steps, and return "seconds" of each, "peak" memory and "phases" of the start."""
        print(steps, file=self.process.stdin, flush=True)
        return self._answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def alternate(first, second, turns, steps=1):
    """Alternate two workers after their first step; return the median seconds of each."""
    seconds = {first: [], second: []}
    for _ in range(turns):
        for worker in seconds:
            seconds[worker] += worker.run(steps)["seconds"]
    return [statistics.median(one) for one in seconds.values()]


def compare(script, names, turns, steps=1, unit=1.0, parameters=None):
    """Compare the first candidate with each other one, a line each; two in memory at a time.

    Args:
        script: the file that knows the candidates.
        names: names of the candidates, ours first.
        turns: number of turns of each candidate.
        steps: in a turn.
        unit: in seconds, of what is printed.
        parameters: that every network must have, besides being equal; None for any number.

    Returns:
        The median seconds of the first over all comparisons.
    """
    medians = []
    with Worker(names[0], script) as ours:
        parameters = parameters or ours.parameters
        assert ours.parameters in (None, parameters), (ours.parameters, parameters)
        ours.run(2)
        for name in (name for name in names[1:] if flags.FLAGS.against in name):
            with Worker(name, script) as other:
                assert other.parameters == parameters, (name, other.parameters, parameters)
                other.run(2)
                one, two = alternate(ours, other, turns, steps)
            medians.append(one)
            print(
                f"{name:34} {two / unit:8.2f}   {names[0]} beside it {one / unit:8.2f}   "
                f"ratio {two / one:5.2f}",
                flush=True,
            )
    return statistics.median(medians)
