"""A directory in which faults are injected into small runs of the program."""

import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

from tools.faults import runs
from tools.faults.differences import differences
from tools.faults.fault import LOST, REFUSED, SURVIVED, Outcome

_TIMEOUT = 600
_LOG = re.compile(r"[IWE]\d{4} |WARNING|\d+ of \d+|epoch |interrupted: ends after")


class Workplace:
    """A directory with uninterrupted runs to compare with, and one for each fault.

    Args:
        root: the directory.
    """

    def __init__(self, root):
        self.root = root
        self.images = root / "photos"
        self.path = root
        runs.make_images(self.images)

    def enter(self, name):
        """Make an empty directory for a fault."""
        self.path = self.root / "faults" / re.sub(r"[^\w]+", "_", name)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)

    def flags(self, kind, model_dir):
        """The flags of a small run of a kind."""
        return runs.flags(kind, model_dir, self.images)

    def start(self, *flags, before=()):
        """Start the program; `before` is a program that starts it."""
        command = [*before, sys.executable, str(runs.MAIN), *map(str, flags)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=self.path)

    def run(self, *flags, before=(), timeout=_TIMEOUT):
        """Run the program to its end; one that hangs is killed and has the exit code None."""
        return self.end(self.start(*flags, before=before), timeout)

    def end(self, process, timeout=_TIMEOUT):
        """Wait for the end of a program, and return what it printed."""
        try:
            out, error = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, error = process.communicate()
            return subprocess.CompletedProcess(process.args, None, out, error)
        return subprocess.CompletedProcess(process.args, process.returncode, out, error)

    def reference(self, kind):
        """The directory of an uninterrupted run, made once."""
        path = self.root / "reference" / kind
        if not (path / "result.json").exists():
            shutil.rmtree(path, ignore_errors=True)
            done = self.run(*self.flags(kind, path))
            if done.returncode != 0:
                raise RuntimeError(f"{kind} without a fault: {done.stderr[-2000:]}")
        return path

    def unfinished(self, kind):
        """The directory of a run that was killed after its first checkpoints, made once."""
        path = self.root / "unfinished" / kind
        if not path.exists():
            part = self.root / "part" / kind
            shutil.rmtree(part, ignore_errors=True)
            process = self.start(*self.flags(kind, part))
            await_checkpoint(process, part, count=2)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            path.parent.mkdir(exist_ok=True)
            part.rename(path)
        return path

    def copy(self, source, name):
        """Copy a run directory into that of the fault."""
        target = self.path / name
        shutil.rmtree(target, ignore_errors=True)
        return pathlib.Path(shutil.copytree(source, target, symlinks=True))

    def resume(self, kind, model_dir, unread=None):
        """Run to the end, and judge whether that is the end of an uninterrupted run."""
        done = self.run(*self.flags(kind, model_dir))
        if done.returncode != 0:
            return judge_refusal(done)
        return self.compare(kind, model_dir, unread)

    def compare(self, kind, model_dir, unread=None):
        """Judge whether a finished run is the uninterrupted one.

        Args:
            kind: of the run.
            model_dir: its directory.
            unread: the start of the names of damaged files in it that a run doesn't read.
        """
        found = differences(self.reference(kind), model_dir)
        if unread is not None:
            found = [name for name in found if not name.startswith(unread)]
        return Outcome(LOST, f"differs in {', '.join(found)}") if found else Outcome(SURVIVED)


def await_checkpoint(process, model_dir, count=1):
    """Wait until a run has so many checkpoints, or has ended."""
    while process.poll() is None and len([*model_dir.glob("**/step-*.index")]) < count:
        time.sleep(0.005)


def judge_refusal(done, codes=(1, 2), names=""):
    """Judge whether a program ended with one line and an exit code.

    Args:
        done: the program.
        codes: accepted exit codes.
        names: what the line has to name.
    """
    lines = [line for line in done.stderr.splitlines() if line and not _LOG.match(line)]
    if done.returncode is None:
        return Outcome(LOST, "hangs")
    if done.returncode not in codes or len(lines) != 1 or "Traceback" in done.stderr:
        last = lines[-1] if lines else "no message"
        return Outcome(LOST, f"exit code {done.returncode}, {len(lines)} lines: {last[-300:]}")
    if names not in lines[0]:
        return Outcome(LOST, f"does not name {names}: {lines[0]}")
    return Outcome(REFUSED, shorten(lines[0]))


def shorten(line):
    """A message without the directories of this machine."""
    line = re.sub(r"(/[^\s/:=,']+)+/", "", line.removeprefix("main.py: ").strip())
    return line if len(line) < 160 else f"{line[:157]}..."
