"""Kill runs at random moments or at their file operations, resume them, and compare the results.

    python tools/kill_and_resume.py --kills=60 --directory=DIR

Each run is a small one of a mode. It is killed with SIGKILL up to three times: at a random moment,
or right before one of its renames, removals or directories. What it leaves when it has been resumed
to its end is compared with an uninterrupted run: every file, variable and figure, times aside.
With `--workers=2`, a run is two processes that train together, of which one is killed; the other
one has to end within 30 seconds, with exit code 3 and one line.
Finished runs are kept in DIR/kills.csv, so that the command continues where it was stopped.
"""

import argparse
import csv
import pathlib
import random
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tools.faults import runs
from tools.faults.differences import differences
from tools.faults.processes import KillError, Processes

_SAME = "same"
_KILLS = 3
"""Of a run, unless it ends before."""


def _kill_and_resume(processes, kind, root, number, seed, measured):
    """Kill one run; return when it was killed, and what differs from the uninterrupted one."""
    generator = random.Random(f"{seed} {number}")
    model_dir = root / "killed" / f"{number} [{kind}]"
    model_dir.parent.mkdir(exist_ok=True)
    shutil.rmtree(model_dir, ignore_errors=True)
    moments = []
    try:
        for _ in range(_KILLS):
            moment = processes.kill(kind, model_dir, generator, measured)
            if moment is None:
                break
            moments.append(moment)
        processes.finish(kind, model_dir)
        found = differences(root / "reference" / kind, model_dir)
    except KillError as error:
        found = [str(error).splitlines()[-1]]
    return moments, "; ".join(found).replace(",", " ") if found else _SAME


def _measure(processes, kind, root):
    """Run a kind without a kill, for the others to be compared with."""
    reference = root / "reference" / kind
    shutil.rmtree(reference, ignore_errors=True)
    reference.parent.mkdir(parents=True, exist_ok=True)
    return processes.finish(kind, reference)


def _parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60, help="SIGKILLs, at the least")
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--runs", nargs="*", default=list(runs.RUNS), choices=list(runs.RUNS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--devices", type=int, default=1, help="logical CPU devices of a process")
    parser.add_argument("--workers", type=int, default=1, help="processes that train together")
    return parser.parse_args()


def main():
    """Kill, resume and compare."""
    options = _parse()
    root = options.directory.resolve()
    runs.make_images(root / "images")
    processes = Processes(root / "images", options.devices, options.workers)
    log = root / "kills.csv"
    rows = list(csv.reader(log.read_text().splitlines())) if log.exists() else []
    measured = {}
    while (kills := sum(int(row[2]) for row in rows)) < options.kills:
        number = len(rows)
        kind = options.runs[number % len(options.runs)]
        if kind not in measured:
            measured[kind] = _measure(processes, kind, root)
        moments, outcome = _kill_and_resume(
            processes, kind, root, number, options.seed, measured[kind]
        )
        rows.append([str(number), kind, str(len(moments)), " + ".join(moments), outcome])
        with log.open("a", newline="") as file:
            csv.writer(file).writerow(rows[-1])
        kills += len(moments)
        print(f"{kills}/{options.kills}  {kind}  {' + '.join(moments)}: {outcome}", flush=True)
    same = sum(row[-1] == _SAME for row in rows)
    print(f"{kills} kills of {len(rows)} runs, {same} of which end as the uninterrupted one")
    if processes.ends:
        print(f"the other processes ended after {max(processes.ends):.1f} s at most")
    sys.exit(0 if same == len(rows) else 1)


if __name__ == "__main__":
    main()
