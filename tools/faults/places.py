"""Run directories that are full, read-only, gone, or another process's."""

import functools
import os
import shutil
import signal
import subprocess
import sys

from tools.faults.fault import LOST, SURVIVED, Fault, Outcome
from tools.faults.runs import MAIN
from tools.faults.workplace import await_checkpoint, judge_refusal

_ROOM = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
"""A shell that may mount, and whose mounts end with it."""

_FULL = """
mount -t tmpfs -o size={size}k tmpfs "$0" || exit 99
"$@" > "$0/../first.out" 2> "$0/../first.err"
echo $? > "$0/../first.code"
mount -o remount,size=1g "$0"
"$@" > "$0/../second.out" 2> "$0/../second.err"
code=$?
cp -r "$0/run" "$0/../kept"
exit $code
"""
_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99; exec "$@"'


def _full(place, kind, size):
    """Fill a disk of a size in kB by a run, and continue it when there is room."""
    place.reference(kind)
    disk = place.path / "disk"
    disk.mkdir()
    command = [sys.executable, str(MAIN), *place.flags(kind, disk / "run")]
    done = subprocess.run(
        [*_ROOM, _FULL.format(size=size), str(disk), *command], capture_output=True, text=True
    )
    if done.returncode == 99:
        return Outcome(SURVIVED, "not tried: no mount")
    code = int((place.path / "first.code").read_text())
    error = (place.path / "first.err").read_text()
    first = judge_refusal(subprocess.CompletedProcess((), code, "", error)) if code else None
    if first and first.kind == LOST:
        return first
    if done.returncode != 0:
        error = (place.path / "second.err").read_text()
        return Outcome(LOST, f"does not continue: {error[-300:]}")
    end = place.compare(kind, place.path / "kept")
    return end if end.kind == LOST or not first else Outcome(SURVIVED, first.words)


def _read_only(place):
    """Resume in a directory that can't be written."""
    model_dir = place.copy(place.unfinished("search"), "run")
    before = (*_ROOM, _READ_ONLY, str(model_dir))
    done = place.run(*place.flags("search", model_dir), before=before)
    return judge_refusal(done, names="run")


def _vanished(place, kind):
    """Remove the directory of a run that is training."""
    model_dir = place.path / "run"
    process = place.start(*place.flags(kind, model_dir))
    await_checkpoint(process, model_dir)
    os.kill(process.pid, signal.SIGSTOP)
    shutil.rmtree(model_dir)
    os.kill(process.pid, signal.SIGCONT)
    return judge_refusal(place.end(process))


def _twice(place):
    """Start the same command twice."""
    place.reference("search")
    model_dir = place.path / "run"
    processes = [place.start(*place.flags("search", model_dir)) for _ in range(2)]
    done = sorted((place.end(one) for one in processes), key=lambda one: one.returncode or 0)
    second = judge_refusal(done[1], codes=(2,), names="another process")
    if done[0].returncode != 0 or second.kind == LOST:
        return second
    end = place.compare("search", model_dir)
    return end if end.kind == LOST else Outcome(SURVIVED, f"the second one: {second.words}")


def faults():
    """List the faults."""
    group = "The run directory"
    yield Fault(group, "the same command twice at once", _twice)
    yield Fault(group, "read-only", _read_only)
    for kind in ("search", "evaluate"):
        vanished = functools.partial(_vanished, kind=kind)
        yield Fault(group, f"vanishes during the training, {kind}", vanished)
    for kind in ("search", "evaluate"):
        for size in (16, 200, 400, 800, 1600, 3200):
            inject = functools.partial(_full, kind=kind, size=size)
            yield Fault(group, f"disk full at {size} kB, {kind}", inject)
