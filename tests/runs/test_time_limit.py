import signal
import subprocess
import sys

PROGRAM = """
import ctypes
from snas_tf.runs import time_limit

with time_limit.killed_after({limit}, "a process\\u2019s [end]"):
    ctypes.PyDLL(None).usleep({microseconds})  # holds Python's lock
ctypes.PyDLL(None).usleep(300_000)
print("went on")
"""


def run(limit, microseconds):
    code = PROGRAM.format(limit=limit, microseconds=microseconds)
    return subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=20
    )


def test_a_process_that_holds_pythons_lock_for_too_long_ends_with_the_line():
    done = run(limit=0.2, microseconds=900_000)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")
    assert done.stderr == "a process\u2019s [end]\n"


def test_a_process_goes_on_after_its_context_has_ended_in_time():
    done = run(limit=0.2, microseconds=1)
    assert (done.returncode, done.stdout, done.stderr) == (0, "went on\n", "")
