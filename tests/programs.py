"""Runs of the real program, for tests of whole workflows."""

import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TINY = (
    "--mode=search",
    "--dataset=digits",
    "--num_cells=3",
    "--init_channels=2",
    "--batch_size=160",
    "--epochs=2",
    "--alpha_learning_rate=0.1",
    "--constraint=mild",
    "--skip_threshold=0",  # starts much faster
)


def command(*flags, devices=1):
    """The command line of the program, on `devices` logical CPU devices."""
    main = [ROOT / "main.py"] if devices == 1 else [ROOT / "tests" / "on_devices.py", devices]
    return [sys.executable, *map(str, main), *map(str, flags)]


def run(*flags, cwd=None, timeout=900, env=None, devices=1):
    """The finished program, with what it printed as text."""
    return subprocess.run(
        command(*flags, devices=devices),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def kill_after_step(step, model_dir, *flags, devices=1):
    """Start the program, and kill it once the step's checkpoint exists."""
    process = subprocess.Popen(command(*flags, devices=devices), stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 900
    while not (model_dir / "checkpoints" / f"step-{step}.index").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
