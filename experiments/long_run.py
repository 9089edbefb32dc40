"""Memory, open files and bytes on disk of a search of many epochs.

    python experiments/long_run.py [--epochs=500] [--output=DIR]

Watches the program while it searches on the embedded digits, 4 steps an epoch, so that what an
epoch adds is what is seen. Writes long_run.csv and a picture of it into --output. Linux only.
"""

import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from absl import app, flags

from snas_tf import plots
from snas_tf.files import whole_files
from snas_tf.plots.picture import BLUE, MUTED, TITLE

flags.DEFINE_integer("epochs", 500, "Epochs.", 1)
flags.DEFINE_string("output", "runs/long_run", "Where the run and what was seen go.")

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEARCH = (
    *("--mode=search", "--dataset=digits", "--num_cells=3", "--init_channels=2"),
    *("--batch_size=300", "--skip_threshold=0"),
)
COLUMNS = ("epoch", "resident_mib", "open_files", "threads", "tensorboard_kib", "run_kib")


def size_kib(path):
    """The bytes of all files below a path, in KiB; files may vanish meanwhile."""
    total = 0
    for one in path.rglob("*"):
        try:
            total += one.stat().st_size if one.is_file() else 0
        except FileNotFoundError:
            continue
    return round(total / 1024, 1)


def look(process, run):
    """What the process has now, in the order of `COLUMNS`, after the epochs that are reported."""
    rows = (run / "metrics.csv").read_text().splitlines()
    proc = pathlib.Path("/proc", str(process.pid))
    status = (proc / "status").read_text()
    resident, threads = (
        int(status.split(f"{name}:")[1].split()[0]) for name in ("VmRSS", "Threads")
    )
    files = len([*(proc / "fd").iterdir()])
    return (
        *(len(rows) - 1, round(resident / 1024, 1), files, threads),
        *(size_kib(run / "tensorboard"), size_kib(run)),
    )


def watch(process, run):
    """Look after each epoch until the end."""
    seen = []
    while process.poll() is None:
        time.sleep(0.1)
        try:
            row = look(process, run)
        except (FileNotFoundError, ProcessLookupError, IndexError):
            continue
        if not seen or row[0] > seen[-1][0]:
            seen.append(row)
    return seen


def draw(seen):
    """Draw each column over the epochs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 9))
    figure.text(0.03, 0.97, f"A search of {seen[-1][0]} epochs", **TITLE)
    labels = ("resident memory (MiB)", "open files", "TensorBoard's files (KiB)")
    for place, (label, column) in enumerate(zip(labels, (1, 2, 4), strict=True)):
        axes = figure.add_axes((0.12, 0.68 - 0.31 * place, 0.84, 0.24))
        axes.plot([row[0] for row in seen], [row[column] for row in seen], color=BLUE)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(label)
        axes.grid(color=MUTED, alpha=0.2)
    axes.set_xlabel("epoch")
    return figure


def main(_):
    """Run, watch and draw."""
    output = pathlib.Path(flags.FLAGS.output)
    output.mkdir(parents=True, exist_ok=True)
    run = output / "run"
    command = [sys.executable, str(ROOT / "main.py"), *SEARCH, f"--epochs={flags.FLAGS.epochs}"]
    with (output / "log").open("w") as log:
        process = subprocess.Popen([*command, f"--model_dir={run}"], stdout=log)
        seen = watch(process, run)
    if process.returncode:
        sys.exit(f"the search ended with {process.returncode}")
    whole_files.write_rows(
        output / "long_run.csv", [dict(zip(COLUMNS, row, strict=True)) for row in seen]
    )
    tenth = max(len(seen) // 10, 1)
    first, last = seen[tenth], seen[-1]
    for column, name in enumerate(COLUMNS):
        print(f"{name:16} {first[column]:>10}  {last[column]:>10}")
    print(f"{'log_kib':16} {'':10}  {(output / 'log').stat().st_size / 1024:10.1f}")
    plots.save(draw(seen), output / "long_run.png")


if __name__ == "__main__":
    app.run(main)
