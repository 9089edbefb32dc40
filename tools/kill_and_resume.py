"""Kill runs at random moments or at their file operations, resume them, and compare the results.

    python tools/kill_and_resume.py --kills=60 --directory=DIR

Each run is a small one of a mode. It is killed with SIGKILL one to three times: at a random moment,
or right before one of its renames, removals or directories. What it leaves when it has been resumed
to its end is compared with an uninterrupted run: every file, variable and figure, times aside.
With `--workers=2`, a run is two processes that train together, of which one is killed; the other
one has to end within 30 seconds, with exit code 3 and one line.
Finished kills are kept in DIR/kills.csv, so that the command continues where it was stopped.
"""

import argparse
import contextlib
import csv
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from snas_tf.config import algorithms
from tests.machines import config, free_addresses

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMES = {"seconds", "images_per_second", "finished"}
SMALL = ("--num_cells=3", "--init_channels=2", "--epochs=2")
SEARCH = ("--mode=search", "--dataset=digits", *SMALL, "--batch_size=160", "--skip_threshold=0")
RUNS = {
    "search": SEARCH,
    "one_hot": (*SEARCH, "--relaxation=one_hot"),
    "float16": (*SEARCH, "--precision=float16"),
    "nasbench201": (*SEARCH, "--space=nasbench201", "--num_cells=1"),
    "target": (*SEARCH, "--target_parameters=2e6"),
    **{name: (*SEARCH, f"--algorithm={name}") for name in algorithms.ALGORITHMS if name != "snas"},
    "darts_2": (*SEARCH, "--algorithm=darts", "--darts_order=2"),
    "evaluate": (
        *("--mode=evaluate", "--dataset=digits", "--genotype=snas_aggressive", *SMALL),
        *("--batch_size=160", "--cutout_length=2", "--num_seeds=2"),
    ),
    "on_disk": (
        *("--mode=search", "--dataset=folder", "--image_storage=disk", "--stem=imagenet", *SMALL),
        *("--batch_size=2", "--image_size=32", "--examples_per_class=4", "--skip_threshold=0"),
        "--algorithm=darts",
    ),
    "imagenet": (
        *("--mode=imagenet", "--dataset=folder", "--genotype=snas_aggressive", *SMALL),
        *("--batch_size=4", "--image_size=64", "--init_channels=4"),
    ),
}
HOOKED = """
import os, runpy, signal, sys
main, directory, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
devices = int(os.environ["DEVICES"])
if devices > 1:
    import tensorflow as tf
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * devices,
    )
counted = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
def hook(event, arguments):
    global left
    if event in counted and directory in str(arguments[0]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(hook)
sys.argv = [main, *sys.argv[4:]]
sys.path[0] = os.path.dirname(main)
try:
    runpy.run_path(main, run_name="__main__")
finally:
    print("file operations:", int(os.environ["LIMIT"]) - left, file=sys.stderr)
"""
ENDLESS = 10**9
LIMIT_SECONDS = 30
ENDS = []
"""Seconds from a kill to the end of the other processes."""


def command(kind, model_dir, images, every=0):
    """The command line of a run, without the interpreter."""
    folder = (f"--data_dir={images}",) if "--dataset=folder" in RUNS[kind] else ()
    steps = (f"--checkpoint_every_steps={every}",) if every else ()
    return (str(ROOT / "main.py"), *RUNS[kind], *folder, *steps, f"--model_dir={model_dir}")


def start(kind, model_dir, images, every, operation=ENDLESS, victim=0):
    """Start the processes of a run; one kills itself before a file operation, counted from 1."""
    count = int(os.environ["WORKERS"])
    addresses = free_addresses(count) if count > 1 else []
    _, *flags = command(kind, model_dir, images, every)
    processes = []
    for index in range(count):
        limit = operation if index == victim else ENDLESS
        # The others than the first one write into a temporary directory.
        name = model_dir.name if index == 0 else "snas_tf"
        joined = {"TF_CONFIG": config(addresses, index)} if count > 1 else {}
        with (model_dir.parent / f"output_{index}").open("w") as output:
            processes.append(start_hooked(flags, name, limit, output, **joined))
    return processes


def start_hooked(flags, directory, operation=ENDLESS, output=subprocess.DEVNULL, **environment):
    """Start a program that kills itself before a file operation in a directory."""
    arguments = [sys.executable, "-c", HOOKED, str(ROOT / "main.py"), directory, str(operation)]
    return subprocess.Popen(
        [*arguments, *flags],
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        env={"DEVICES": "1", **os.environ, "LIMIT": str(operation), **environment},
    )


def finish(kind, model_dir, images, every):
    """Run to the end; return the number of file operations and the seconds it took."""
    before = time.monotonic()
    processes = start(kind, model_dir, images, every)
    errors = [process.communicate()[1] for process in processes]
    for process, error in zip(processes, errors, strict=True):
        if process.returncode:
            raise RuntimeError(f"{kind}: {error[-2000:]}")
    operations = int(re.search(r"file operations: (\d+)", errors[0])[1])
    return operations, time.monotonic() - before


def kill(kind, model_dir, images, every, generator, operations, seconds):
    """Kill a process of a run; return a description, or None if the run ended before."""
    victim = generator.randrange(int(os.environ["WORKERS"]))
    if victim == 0 and generator.random() < 0.5:
        operation = generator.randint(1, operations)
        processes = start(kind, model_dir, images, every, operation)
        processes[0].wait()
        description = f"operation {operation}"
    else:
        moment = generator.uniform(0.1, 1.0) * seconds
        processes = start(kind, model_dir, images, every)
        with contextlib.suppress(subprocess.TimeoutExpired):
            processes[victim].wait(timeout=moment)
        processes[victim].kill()
        processes[victim].wait()
        description = f"second {moment:.1f}"
    is_killed = processes[victim].returncode == -signal.SIGKILL
    _check_others(processes, victim, is_killed, model_dir)
    return f"{description} of process {victim}" if is_killed else None


def _check_others(processes, victim, is_killed, model_dir):
    """Check that the others end in time, as they should."""
    killed = time.monotonic()
    others = [process for process in processes if process is not processes[victim]]
    for index, process in enumerate(processes):
        output = model_dir.parent / f"output_{index}"
        if process in others and is_killed and "all are there" not in output.read_text():
            process.kill()  # It waits for the one that has been killed to appear.
            process.communicate()
            others.remove(process)
    for process in others:
        try:
            error = process.communicate(timeout=LIMIT_SECONDS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            raise RuntimeError(f"a process went on for {LIMIT_SECONDS} s") from None
        lines = [line for line in error.splitlines() if not line.startswith("file operations")]
        # Where the killed process was through with its work, so are the others.
        if is_killed and process.returncode and (process.returncode, len(lines)) != (3, 1):
            raise RuntimeError(f"exit code {process.returncode}: {' / '.join(lines)[-300:]}")
    if others:
        ENDS.append(time.monotonic() - killed)


def differences(one, other):
    """Name what differs between two run directories, except for times."""
    names = [
        {path.relative_to(root).as_posix() for path in root.rglob("*") if _is_compared(path)}
        for root in (one, other)
    ]
    found = sorted(names[0] ^ names[1])
    for name in sorted(names[0] & names[1]):
        contents = [_content(root / name) for root in (one, other)]
        if not _equal(*contents):
            found.append(name)
    events = [_events(root) for root in (one, other)]
    return [*found, *(["tensorboard"] if events[0] != events[1] else [])]


def _is_compared(path):
    parts = path.parts
    return "tensorboard" not in parts and not ("export" in parts and path.name != "export")


def _content(path):
    if path.is_dir():
        return _predictions(path) if path.name == "export" else sorted(os.listdir(path))
    if path.suffix == ".json":
        return _without_times(json.loads(path.read_text()))
    if path.suffix == ".csv":
        with path.open() as file:
            return [_without_times(row) for row in csv.DictReader(file)]
    if path.name.startswith(("step-", "epoch-")):
        return _variables(path) if path.suffix == ".index" else None
    return path.read_bytes()


def _without_times(content):
    if isinstance(content, dict):
        return {key: _without_times(value) for key, value in content.items() if key not in TIMES}
    return [_without_times(one) for one in content] if isinstance(content, list) else content


def _variables(index):
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(index.with_suffix("")))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if name.startswith("variables/")}


def _predictions(export):
    import tensorflow as tf

    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    serve = tf.saved_model.load(str(export)).signatures["serving_default"]
    return {"probabilities": serve(image=tf.constant(images))["probabilities"].numpy()}


def _equal(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return one == other


def _events(root):
    import tensorflow as tf

    found = []
    for path in root.rglob("events.out.tfevents.*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            where = str(path.parent.relative_to(root))
            tags = [value.tag for value in event.summary.value]
            # The rate of an epoch that was resumed at its end is not known.
            found += [(where, event.step, tag) for tag in tags if tag.split("/")[-1] not in TIMES]
    return sorted(found)


def make_images(root):
    """A folder of small photos for the runs that read images from disk."""
    import PIL.Image

    generator = np.random.default_rng(0)
    for part, count in (("train", 6), ("val", 2)):
        for name in ("ant", "bee"):
            (root / part / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                pixels = generator.integers(0, 256, (70, 80, 3), np.uint8)
                PIL.Image.fromarray(pixels).save(root / part / name / f"{number}.jpg")


def main():
    """Kill, resume and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=60, help="runs that are killed")
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--runs", nargs="*", default=list(RUNS), choices=list(RUNS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--devices", type=int, default=1, help="logical CPU devices of a run")
    parser.add_argument("--workers", type=int, default=1, help="processes that train together")
    options = parser.parse_args()
    os.environ["DEVICES"] = str(options.devices)
    os.environ["WORKERS"] = str(options.workers)
    root = options.directory
    images = root / "images"
    make_images(images)
    log = root / "kills.csv"
    done = len(log.read_text().splitlines()) if log.exists() else 0
    same = sum(line.endswith(",same") for line in log.read_text().splitlines()) if done else 0
    measured = {}
    for kind in options.runs:
        reference = root / "reference" / kind
        shutil.rmtree(reference, ignore_errors=True)
        reference.parent.mkdir(parents=True, exist_ok=True)
        measured[kind] = finish(kind, reference, images, 3)
    for number in range(done, options.kills):
        generator = random.Random(f"{options.seed} {number}")
        kind = options.runs[number % len(options.runs)]
        model_dir = root / "killed" / f"{number} [{kind}]"
        model_dir.parent.mkdir(exist_ok=True)
        shutil.rmtree(model_dir, ignore_errors=True)
        kills = []
        try:
            for _ in range(generator.randint(1, 3)):
                moment = kill(kind, model_dir, images, 3, generator, *measured[kind])
                if moment is None:
                    break
                kills.append(moment)
            finish(kind, model_dir, images, 3)
            verdict = differences(root / "reference" / kind, _plain(model_dir, root))
        except RuntimeError as error:
            verdict = [str(error).splitlines()[-1]]
        outcome = "; ".join(verdict).replace(",", " ") if verdict else "same"
        same += outcome == "same"
        with log.open("a") as file:
            file.write(f"{number},{kind},{' + '.join(kills)},{outcome}\n")
        print(f"{number + 1}/{options.kills}  {kind}  {' + '.join(kills)}: {outcome}", flush=True)
    print(f"{same} of {options.kills} equal the uninterrupted run")
    if ENDS:
        print(f"the other processes ended after {max(ENDS):.1f} s at most")
    sys.exit(0 if same == options.kills else 1)


def _plain(model_dir, root):
    """The directory under a name that TensorFlow can read checkpoints and models from."""
    link = root / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(model_dir.absolute(), target_is_directory=True)
    return link


if __name__ == "__main__":
    main()
