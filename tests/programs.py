"""Runs the real program, as a user would, for the whole-workflow tests."""

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
    "--skip_threshold=0",  # starts much sooner
)


def command(*flags):
    return [sys.executable, str(ROOT / "main.py"), *map(str, flags)]


def run(*flags, cwd=None, timeout=240, env=None):
    """The finished program, with what it printed as text."""
    return subprocess.run(
        command(*flags),
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def kill_after_step(step, model_dir, *flags):
    """Starts the program and kills it, without warning, once the step's checkpoint is there."""
    process = subprocess.Popen(command(*flags), stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while not (model_dir / "checkpoints" / f"step-{step}.index").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
