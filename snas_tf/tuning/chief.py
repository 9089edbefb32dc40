"""The chief of a sweep: it serves the values of trials, and takes those of lost workers back."""

import sys
import threading
import time
from typing import Any

from snas_tf.errors import UserError
from snas_tf.tuning.heartbeat import Pulse
from snas_tf.tuning.oracle import LastingOracle

_INTERVAL, _RECENT = 0.5, 3.0  # seconds


def serve(tuner: Any, oracle: LastingOracle, num_trials: int, pulse: Pulse, timeout: float) -> bool:
    """Serve until all trials are finished and the workers know it, or no worker is left.

    KerasTuner's server would wait for ever for a worker that was killed, so it runs in a thread of
    its own, which ends with the process.

    Args:
        tuner: a tuner of KerasTuner in the role of the chief.
        oracle: its oracle.
        num_trials: number of all trials, for the screen.
        pulse: the signs of life of the workers.
        timeout: seconds of silence after which a worker is lost.

    Returns:
        Whether all trials are finished.

    Raises:
        UserError: the server has ended before.
        OSError: a file can't be written.
    """
    server = threading.Thread(target=tuner.search, name="server", daemon=True)
    server.start()
    start, ended = time.monotonic(), 0
    while True:
        _release_lost(oracle, pulse, timeout)
        if len(oracle.end_order) > ended:
            ended = len(oracle.end_order)
            print(f"{ended} of {num_trials} trials have ended", flush=True)
        silences = [pulse.silence(name) for name in pulse.names()]
        if oracle.stopped and not oracle.busy() and not any(one < _RECENT for one in silences):
            return True
        if min([time.monotonic() - start, *silences]) > timeout:
            reason = f"no worker has given a sign of life for {timeout:.0f} seconds"
            print(f"{reason}: the chief ends", file=sys.stderr, flush=True)
            return False
        if oracle.failure is not None:
            raise oracle.failure
        if not (server.is_alive() or oracle.stopped):
            raise UserError("the server of the chief has ended, accepted: to start it again")
        time.sleep(_INTERVAL)


def _release_lost(oracle: LastingOracle, pulse: Pulse, timeout: float) -> None:
    for name in sorted(oracle.busy()):
        silence = pulse.silence(name)
        if silence > timeout:
            trial = oracle.release(name)
            what = f"its trial {int(trial) + 1} is taken back" if trial else "it had no trial"
            print(f"{name} is lost: silent for {silence:.0f} seconds, {what}", flush=True)
