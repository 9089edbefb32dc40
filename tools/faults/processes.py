"""The processes of a small run, one of which is killed at a moment or before a file operation."""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import time

from tests.machines import config, free_addresses
from tools.faults import runs

_ENDLESS = 10**9
_LIMIT_SECONDS = 30
_HOOKED = """
import os, runpy, signal, sys
main, directory, left, devices = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
limit = left
if devices > 1:
    sys.path.insert(0, os.path.dirname(main))
    from snas_tf import tensorflow_import
    tensorflow_import.import_tensorflow()
    import tensorflow as tf
    del sys.path[0]
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * devices,
    )
counted = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
def hook(event, arguments):
    global left
    if event in counted and directory in str(arguments[0]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(hook)
sys.argv = [main, *sys.argv[5:]]
sys.path[0] = os.path.dirname(main)
try:
    runpy.run_path(main, run_name="__main__")
finally:
    print("file operations:", limit - left, file=sys.stderr)
"""


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a run takes.

    Attributes:
        operations: file operations of its first process in the run directory.
        seconds: from its start to its end.
    """

    operations: int
    seconds: float


class KillError(Exception):
    """A run that does not end as it should."""


def start_hooked(flags, directory, operation=_ENDLESS, output=subprocess.DEVNULL, devices=1, **env):
    """Start the program, which kills itself right before a file operation in a directory.

    Args:
        flags: of the program.
        directory: part of the names of the files that count.
        operation: the rename, removal or new directory, counted from 1.
        output: where its standard output goes.
        devices: logical CPU devices.
        **env: further variables of the environment.
    """
    numbers = (str(operation), str(devices))
    return subprocess.Popen(
        [sys.executable, "-c", _HOOKED, str(runs.MAIN), directory, *numbers, *flags],
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )


class Processes:
    """How the processes of a run are started, killed and waited for.

    Args:
        images: a folder of images for the runs that read one.
        devices: logical CPU devices of each process.
        workers: processes that train together.

    Attributes:
        ends: seconds from each kill to the end of the other processes.
    """

    def __init__(self, images, devices=1, workers=1):
        self._images, self._devices, self._workers = images, devices, workers
        self.ends = []

    def finish(self, kind, model_dir):
        """Run to the end.

        Raises:
            KillError: the program has failed.
        """
        before = time.monotonic()
        processes = self._start(kind, model_dir)
        errors = [process.communicate()[1] for process in processes]
        for process, error in zip(processes, errors, strict=True):
            if process.returncode:
                raise KillError(f"{kind}: {error[-2000:]}")
        operations = int(re.search(r"file operations: (\d+)", errors[0])[1])
        return Measured(operations, time.monotonic() - before)

    def kill(self, kind, model_dir, generator, measured):
        """Kill a process of a run; return when it was, or None if the run ended before.

        Raises:
            KillError: another process has not ended in 30 seconds with one line.
        """
        victim = generator.randrange(self._workers)
        if victim == 0 and generator.random() < 0.5:
            operation = generator.randint(1, measured.operations)
            processes = self._start(kind, model_dir, operation)
            processes[0].wait()
            description = f"operation {operation}"
        else:
            moment = generator.uniform(0.1, 1.0) * measured.seconds
            processes = self._start(kind, model_dir)
            with contextlib.suppress(subprocess.TimeoutExpired):
                processes[victim].wait(timeout=moment)
            processes[victim].kill()
            processes[victim].wait()
            description = f"second {moment:.1f}"
        is_killed = processes[victim].returncode == -signal.SIGKILL
        self._check_others(processes, victim, is_killed, model_dir)
        return f"{description} of process {victim}" if is_killed else None

    def _start(self, kind, model_dir, operation=_ENDLESS):
        """Start the processes; the first one kills itself before a file operation."""
        addresses = free_addresses(self._workers) if self._workers > 1 else []
        flags = runs.flags(kind, model_dir, self._images)
        processes = []
        for index in range(self._workers):
            limit = operation if index == 0 else _ENDLESS
            # The others than the first one write into a temporary directory.
            name = model_dir.name if index == 0 else "snas_tf"
            joined = {"TF_CONFIG": config(addresses, index)} if addresses else {}
            with (model_dir.parent / f"output_{index}").open("w") as output:
                one = start_hooked(flags, name, limit, output, self._devices, **joined)
            processes.append(one)
        return processes

    def _check_others(self, processes, victim, is_killed, model_dir):
        """Check that the others end in time, as they should."""
        killed = time.monotonic()
        others = [process for process in processes if process is not processes[victim]]
        for index, process in enumerate(processes):
            output = model_dir.parent / f"output_{index}"
            if process in others and is_killed and "all are there" not in output.read_text():
                process.kill()  # It waits for the one that has been killed to appear.
                process.communicate()
                others.remove(process)
        for process in others:
            try:
                error = process.communicate(timeout=_LIMIT_SECONDS)[1]
            except subprocess.TimeoutExpired:
                process.kill()
                raise KillError(f"a process went on for {_LIMIT_SECONDS} s") from None
            lines = [line for line in error.splitlines() if not line.startswith("file operations")]
            # Where the killed process was through with its work, so are the others.
            if is_killed and process.returncode and (process.returncode, len(lines)) != (3, 1):
                raise KillError(f"exit code {process.returncode}: {' / '.join(lines)[-300:]}")
        if others:
            self.ends.append(time.monotonic() - killed)
