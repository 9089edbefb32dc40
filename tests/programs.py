"""Runs of the real program, for tests of whole workflows."""

import contextlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import time
from unittest import mock

from absl import flags as absl_flags

from flags import command_line, program
from snas_tf import tensorflow_import

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
    # With all edges and operations, or with skipping, a start takes a minute.
    "--skip_threshold=0",
    "--num_nodes=2",
    "--operations=none,skip_connect,sep_conv_3x3",
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


def run_in_process(*flags, cwd=None):
    """The program in this process, which starts sooner; its end is returned as by `run`.

    TensorFlow is imported and set up once in a process, so it stays as it is.
    """
    from snas_tf.runs import devices

    values = absl_flags.FlagValues()
    output, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        mock.patch.object(absl_flags, "FLAGS", values),
        contextlib.chdir(cwd or pathlib.Path.cwd()),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        mock.patch.object(tensorflow_import, "import_tensorflow"),
        mock.patch.object(devices, "configure"),
    ):
        try:
            program.main(command_line.parse(["main.py", *map(str, flags)], values))
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(flags, code, output.getvalue(), errors.getvalue())


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
