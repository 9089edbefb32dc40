"""Inject faults into small runs of the program, and tell what comes of each.

    python tools/inject_faults.py --directory=DIR [--quick] [--only=WORD]

Prints a table: survived, which is the same end as without the fault, refused in one line, or lost.
Finished faults are kept in DIR/outcomes.json, so that the command continues where it was stopped.
Exits with 1 if anything was lost. SIGKILL has a tool of its own, tools/kill_and_resume.py.
"""

import argparse
import dataclasses
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tools.faults import damage, exports, images, inputs, places, signals
from tools.faults.fault import LOST
from tools.faults.workplace import Workplace

_ROOMS = (signals, places, damage, inputs, images, exports)


def main():
    """Inject what is not injected yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--quick", action="store_true", help="only what takes seconds")
    parser.add_argument("--only", default="", help="faults whose group and name contain this")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    place = Workplace(options.directory.resolve())
    log = options.directory / "outcomes.json"
    outcomes = json.loads(log.read_text()) if log.exists() else {}
    faults = [
        fault
        for room in _ROOMS
        for fault in room.faults()
        if options.only in f"{fault.group} {fault.name}" and (fault.quick or not options.quick)
    ]
    for number, fault in enumerate(faults, 1):
        key = f"{fault.group}: {fault.name}"
        if outcomes.get(key, {"kind": LOST})["kind"] == LOST:
            place.enter(key)
            started = time.monotonic()
            outcome = fault.inject(place)
            seconds = round(time.monotonic() - started, 1)
            outcomes[key] = {**dataclasses.asdict(outcome), "seconds": seconds}
            log.write_text(json.dumps(outcomes, indent=1) + "\n")
        outcome = outcomes[key]
        print(
            f"{number}/{len(faults)}  {key}: {outcome['kind']}, {outcome['words']} "
            f"({outcome['seconds']} s)",
            flush=True,
        )
    print("\n| fault | outcome | message |\n| --- | --- | --- |")
    group = None
    for fault in faults:
        if fault.group != group:
            group = fault.group
            print(f"| **{group}** | | |")
        outcome = outcomes[f"{fault.group}: {fault.name}"]
        print(f"| {fault.name} | {outcome['kind']} | {outcome['words'].replace('|', '/')} |")
    lost = sum(outcomes[f"{fault.group}: {fault.name}"]["kind"] == LOST for fault in faults)
    print(f"\n{len(faults)} faults, {lost} lost")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
