import contextlib
import os
import subprocess
import sys
import time

import pytest

PROGRAM = """
import ctypes
from snas_tf.runs import time_limit

with time_limit.ended_after({limit}, "a process\\u2019s [end]"):
    ctypes.PyDLL(None).usleep({microseconds})  # holds Python's lock
ctypes.PyDLL(None).usleep(300_000)
print("went on")
"""


def start(limit, microseconds, **streams):
    command = [sys.executable, "-c", PROGRAM.format(limit=limit, microseconds=microseconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **streams)


def test_a_process_that_holds_pythons_lock_for_too_long_ends_with_the_line():
    process = start(0.2, 900_000, stderr=subprocess.PIPE)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (3, "", "a process\u2019s [end]\n")


def test_a_process_goes_on_after_its_context_has_ended_in_time():
    process = start(0.2, 1, stderr=subprocess.PIPE)
    out, error = process.communicate(timeout=20)
    assert (process.returncode, out, error) == (0, "went on\n", "")


@pytest.mark.parametrize("stream", ["full disk", "full pipe", "nobody reads", "closed"])
def test_a_line_that_cannot_be_written_changes_nothing(stream):
    reader, writer = os.pipe()
    if stream == "full pipe":
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
    if stream == "nobody reads":
        os.close(reader)
    streams = {"stderr": writer}
    if stream == "full disk":
        streams = {"stderr": os.open("/dev/full", os.O_WRONLY)}
    if stream == "closed":
        streams = {"preexec_fn": lambda: os.close(2)}
    before = time.monotonic()
    process = start(0.2, 5_000_000, **streams)
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (3, "")
    assert time.monotonic() - before < 4
