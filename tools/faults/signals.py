"""Signals in the middle of a training."""

import functools
import random
import signal
import time

from tools.faults.fault import LOST, SURVIVED, Fault, Outcome
from tools.faults.workplace import await_checkpoint, judge_refusal

_KINDS = ("search", "evaluate", "imagenet")
_OF_SEVERAL_RUNS = ("compare", "tune")
_STOPPED_SECONDS = 3


def _end(place, kind, numbers, code, seed=0):
    """Send signals after the first checkpoint, then resume."""
    place.reference(kind)
    model_dir = place.path / "a run [1]"
    process = place.start(*place.flags(kind, model_dir))
    await_checkpoint(process, model_dir)
    time.sleep(random.Random(f"{kind} {seed}").uniform(0, 0.5))
    for number in numbers:
        process.send_signal(number)
        time.sleep(0.05)
    done = place.end(process)
    if done.returncode == 0:
        return Outcome(LOST, "ended before the signal")
    ended = judge_refusal(done, codes=(code,), names="interrupted")
    return ended if ended.kind == LOST else place.resume(kind, model_dir)


def _stop(place, kind):
    """Stop a run for a while."""
    place.reference(kind)
    model_dir = place.path / "run"
    process = place.start(*place.flags(kind, model_dir))
    await_checkpoint(process, model_dir)
    process.send_signal(signal.SIGSTOP)
    time.sleep(_STOPPED_SECONDS)
    process.send_signal(signal.SIGCONT)
    done = place.end(process)
    return judge_refusal(done) if done.returncode != 0 else place.compare(kind, model_dir)


def _early(place):
    """End a run that has not begun to train."""
    process = place.start(*place.flags("search", place.path / "run"))
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    ended = judge_refusal(place.end(process), codes=(143,), names="interrupted")
    return ended if ended.kind == LOST else Outcome(SURVIVED, ended.words)


def faults():
    """List the faults."""
    group = "Signals"
    ends = {
        "SIGTERM": ((signal.SIGTERM,), 143),
        "SIGINT": ((signal.SIGINT,), 130),
        "SIGINT twice": ((signal.SIGINT, signal.SIGINT), 130),
    }
    yield Fault(group, "SIGTERM before the training", _early, quick=True)
    for name, (numbers, code) in ends.items():
        for kind in _KINDS:
            inject = functools.partial(_end, kind=kind, numbers=numbers, code=code)
            yield Fault(group, f"{name}, {kind}", inject)
    for kind in _OF_SEVERAL_RUNS:
        inject = functools.partial(_end, kind=kind, numbers=(signal.SIGTERM,), code=143)
        yield Fault(group, f"SIGTERM, {kind}", inject)
    for kind in _KINDS:
        yield Fault(group, f"SIGSTOP and SIGCONT, {kind}", functools.partial(_stop, kind=kind))
