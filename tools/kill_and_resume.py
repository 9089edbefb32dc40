"""Kill runs at random moments or at their file operations, resume them, and compare the results.

    python tools/kill_and_resume.py --kills=60 --directory=DIR

Each run is a small one of a mode. It is killed with SIGKILL one to three times: at a random moment,
or right before one of its renames, removals or directories. What it leaves when it has been resumed
to its end is compared with an uninterrupted run: every file, variable and figure, times aside.
Finished kills are kept in DIR/kills.csv, so that the command continues where it was stopped.
"""

import argparse
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

ROOT = pathlib.Path(__file__).resolve().parent.parent
TIMES = {"seconds", "images_per_second", "finished"}
SMALL = ("--num_cells=3", "--init_channels=2", "--epochs=2")
SEARCH = ("--mode=search", "--dataset=digits", *SMALL, "--batch_size=160", "--skip_threshold=0")
RUNS = {
    "search": SEARCH,
    "one_hot": (*SEARCH, "--relaxation=one_hot"),
    "float16": (*SEARCH, "--precision=float16"),
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


def command(kind, model_dir, images, every=0):
    """The command line of a run, without the interpreter."""
    folder = (f"--data_dir={images}",) if "--dataset=folder" in RUNS[kind] else ()
    steps = (f"--checkpoint_every_steps={every}",) if every else ()
    return (str(ROOT / "main.py"), *RUNS[kind], *folder, *steps, f"--model_dir={model_dir}")


def start(kind, model_dir, images, every, operation=ENDLESS):
    """Start a run that kills itself before a file operation, counted from 1."""
    _, *flags = command(kind, model_dir, images, every)
    return start_hooked(flags, model_dir.name, operation)


def start_hooked(flags, directory, operation=ENDLESS):
    """Start a program that kills itself before a file operation in a directory."""
    arguments = [sys.executable, "-c", HOOKED, str(ROOT / "main.py"), directory, str(operation)]
    environment = {"DEVICES": "1", **os.environ, "LIMIT": str(operation)}
    return subprocess.Popen(
        [*arguments, *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def finish(kind, model_dir, images, every):
    """Run to the end; return the number of file operations and the seconds it took."""
    before = time.monotonic()
    process = start(kind, model_dir, images, every)
    error = process.communicate()[1]
    if process.returncode:
        raise RuntimeError(f"{kind}: {error[-2000:]}")
    operations = int(re.search(r"file operations: (\d+)", error)[1])
    return operations, time.monotonic() - before


def kill(kind, model_dir, images, every, generator, operations, seconds):
    """Kill a run; return a description, or None if the run ended before."""
    if generator.random() < 0.5:
        operation = generator.randint(1, operations)
        process = start(kind, model_dir, images, every, operation)
        process.communicate()
        return f"operation {operation}" if process.returncode == -signal.SIGKILL else None
    moment = generator.uniform(0.1, 1.0) * seconds
    process = start(kind, model_dir, images, every)
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"second {moment:.1f}"
    return None


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
    options = parser.parse_args()
    os.environ["DEVICES"] = str(options.devices)
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
        measured[kind] = finish(kind, reference, images, 3)
    for number in range(done, options.kills):
        generator = random.Random(f"{options.seed} {number}")
        kind = options.runs[number % len(options.runs)]
        model_dir = root / "killed" / f"{number} [{kind}]"
        shutil.rmtree(model_dir, ignore_errors=True)
        kills = []
        for _ in range(generator.randint(1, 3)):
            moment = kill(kind, model_dir, images, 3, generator, *measured[kind])
            if moment is None:
                break
            kills.append(moment)
        try:
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
    sys.exit(0 if same == options.kills else 1)


def _plain(model_dir, root):
    """The directory under a name that TensorFlow can read checkpoints and models from."""
    link = root / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(model_dir.absolute(), target_is_directory=True)
    return link


if __name__ == "__main__":
    main()
