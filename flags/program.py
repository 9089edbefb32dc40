"""The program: from the command line to the run of a mode, and to its exit status."""

import functools
import pathlib
import signal
import sys
from types import FrameType

from absl import app, flags, logging

from snas_tf.errors import Interrupted, LostWorkerError, UserError

from . import command_line, machine_fault, modes, standard_streams, wording
from .program_name import program_name

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Handler of signals: raises `Interrupted`, and keeps which one it was.

    TensorFlow makes errors of its own of what is raised in a function that its graph calls.
    """

    received: int | None = None

    def listen(self) -> None:
        """Handle the signals that the process does not ignore."""
        for number in _SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)

    def _handle(self, number: int, _: FrameType | None) -> None:
        self.received = number
        raise Interrupted(number)


def run() -> None:
    """Run the program with the arguments of the process; do not return."""
    standard_streams.secure(wording.FlagStream)
    signals = Signals()
    signals.listen()
    try:
        app.run(functools.partial(main, signals=signals), flags_parser=command_line.parse)
    except KeyboardInterrupt as error:
        _exit_interrupted(error)


def main(arguments: list[str], signals: Signals | None = None) -> None:
    """Run the mode that the flags ask for.

    Exits with 2 where the user has to correct something, with 1 where the machine can't do more,
    with 3 where another machine of the run is gone, each after one line on standard error. A mode
    may exit with 1 itself. An interruption exits with 130, and SIGTERM with 143, as shells report
    them.
    """
    name = program_name(arguments)
    logging.set_verbosity(logging.WARNING)
    logging.get_absl_handler().setFormatter(wording.FlagFormatter())
    try:
        modes.MODES[flags.FLAGS.mode].module.run(flags.FLAGS)
    except UserError as error:
        _exit(f"{name}: {wording.to_flags(str(error))}", 2)
    except LostWorkerError as error:
        _exit(f"{name}: {error}", 3)
    except KeyboardInterrupt as error:
        _exit_interrupted(error, _what_continues(flags.FLAGS))
    except Exception as error:
        if signals is not None and signals.received is not None:
            _exit_interrupted(Interrupted(signals.received), _what_continues(flags.FLAGS))
        fault = machine_fault.describe(error)
        if fault is None:
            raise
        _exit(f"{name}: {fault}", 1)


def _exit_interrupted(error: KeyboardInterrupt, continues: str = "") -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # The process is ending.
    received = error.signal_number if isinstance(error, Interrupted) else signal.SIGINT
    _exit(f"\ninterrupted{continues}", 128 + received)


def _exit(message: str, status: int) -> None:
    start = message[: len(message) - len(message.lstrip())]
    print(start + "\\n".join(message.strip().splitlines()), file=sys.stderr)
    sys.exit(status)


def _what_continues(values: flags.FlagValues) -> str:
    """Say what the same command does after an interruption."""
    mode = modes.MODES[values.mode].module
    if not hasattr(mode, "run_name"):
        return ""
    model_dir = pathlib.Path(values.model_dir or pathlib.Path("runs", mode.run_name(values)))
    if any(model_dir.glob("**/checkpoints/*.index")):
        return ": the same command continues from the last checkpoint"
    return " before the first checkpoint: the same command starts again"
