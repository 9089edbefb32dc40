"""Every example runs, in a directory of its own and with one epoch."""

import contextlib
import io
import json
import os
import runpy
import shutil
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
import sklearn.datasets
import tensorflow as tf

from snas_tf.config.cluster import ClusterConfig
from tests.programs import ROOT, run
from tests.small_space import TINY

EXAMPLES = ROOT / "examples"
LONGEST = 60


def run_example(cwd, *arguments, with_package=True):
    """What a Python program prints."""
    path = {"PYTHONPATH": str(ROOT)} if with_package else {}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**environment, **path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def code_cells():
    notebook = json.loads((EXAMPLES / "digits.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def notebook_program():
    return "\n".join("".join(cell["source"]) for cell in code_cells())


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A directory in which the notebook was run, and what it printed."""
    directory = tmp_path_factory.mktemp("digits")
    program = notebook_program()
    assert "EPOCHS = 20" in program
    quick = program.replace("EPOCHS = 20", "EPOCHS = 1")
    assert "SearchConfig(" in quick
    quick = quick.replace("SearchConfig(", f"SearchConfig(space={TINY.name!r}, skip_threshold=0, ")
    (directory / "digits.py").write_text(quick)
    with contextlib.chdir(directory), contextlib.redirect_stdout(io.StringIO()) as printed:
        runpy.run_path("digits.py")
    return directory, printed.getvalue()


@pytest.mark.slow
def test_the_notebook_goes_from_a_search_to_prediction_and_export(digits):
    directory, printed = digits
    assert "of the test images are classified right" in printed
    runs = directory / "runs" / "digits"
    with PIL.Image.open(runs / "normal.png") as picture:
        assert picture.width > picture.height > 100
    assert (runs / "child" / "export" / "saved_model.pb").exists()
    assert (runs / "child" / "model.keras").exists()


@pytest.mark.slow
def test_a_picture_is_classified_with_the_export_alone(digits):
    directory, _ = digits
    digit = sklearn.datasets.load_digits().images[0] * (255 / 16)
    PIL.Image.fromarray(digit.astype(np.uint8)).resize((40, 30)).save(directory / "digit.png")
    program = [EXAMPLES / "classify_png.py", "runs/digits/child/export", "digit.png"]
    lines = run_example(directory, "-I", *program, with_package=False).splitlines()
    probabilities, names = zip(*(line.split() for line in lines), strict=True)
    assert len({*names} & {*"0123456789"}) == 5
    assert sorted(map(float, probabilities), reverse=True) == [*map(float, probabilities)]


def test_a_new_operation_is_searched_from_python_and_a_plugin_of_the_program(tmp_path):
    text = (EXAMPLES / "new_operation.py").read_text()
    assert "epochs=1, " in text
    assert "num_nodes=2" in text
    quick = text.replace("epochs=1, ", "epochs=1, skip_threshold=0, ")
    (tmp_path / "quick.py").write_text(quick.replace("num_nodes=2", "num_nodes=1"))
    printed = run_example(tmp_path, "quick.py")
    assert "operation='" in printed
    searched = tmp_path / "runs" / "new_operation"
    assert json.loads((searched / "run.json").read_text())["settings"]["num_nodes"] == 1
    plugin = tmp_path / "my plugins" / "new operation.py"
    plugin.parent.mkdir()
    shutil.copy(EXAMPLES / "new_operation.py", plugin)
    child = ("--mode=evaluate", f"--plugin={plugin}", f"--initial_weights={searched}", "--epochs=0")
    done = run(*child, "--auxiliary_weight=0", f"--model_dir={tmp_path / 'child'}")
    assert done.returncode == 0, done.stderr
    accuracies = [
        json.loads((path / "result.json").read_text())[name]
        for path, name in (
            (searched, "child_valid_accuracy"),
            (tmp_path / "child", "valid_accuracy"),
        )
    ]
    assert accuracies[0] == accuracies[1]
    assert [*plugin.parent.iterdir()] == [plugin]  # nothing is compiled beside it
    export = tf.saved_model.load(tmp_path / "child" / "export")  # without the plugin
    scores = export.signatures["serving_default"](image=tf.zeros([2, 8, 8, 3], tf.uint8))
    assert scores["probabilities"].shape == (2, 10)


@pytest.mark.slow
def test_a_new_algorithm_derives_two_edges_into_every_node(tmp_path):
    run_example(tmp_path, EXAMPLES / "new_algorithm.py", "--epochs=1", "--model_dir=run")
    genotype = json.loads((tmp_path / "run" / "genotype.json").read_text())
    for kind in ("normal", "reduce"):
        targets = [target for _, target, _ in genotype[kind]["edges"]]
        assert sorted(targets) == [2, 2, 3, 3]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_short_and_says_what_it_shows(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < LONGEST
    assert text.startswith('"""')
    assert path.name in text.splitlines()[0]
    assert f"({path.name})" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_the_notebook_is_short_and_holds_no_outputs():
    assert len([line for line in notebook_program().splitlines() if line.strip()]) < LONGEST
    assert [cell["outputs"] for cell in code_cells()] == [[]] * len(code_cells())


STUBS = {
    "snas": 'echo "$TF_CONFIG"; echo "$@"',
    "scontrol": "printf '10.0.0.1\\n10.0.0.2\\n'",
    "srun": 'shift; SLURM_PROCID=1 exec "$@"',
}
MACHINES = {
    "two_machines.sh": ["sh", "two_machines.sh", "1", "--mode=search"],
    "slurm.sh": ["bash", "slurm.sh"],
    "kubernetes.yaml": None,
}


@pytest.mark.parametrize("name", MACHINES)
def test_each_example_starts_the_second_of_two_processes(name, tmp_path):
    for stub, text in STUBS.items():
        (tmp_path / stub).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / stub).chmod(0o755)
    command = MACHINES[name]
    if command is None:  # The lines of the container's shell.
        text = (EXAMPLES / "machines" / name).read_text()
        script = text.partition("- |\n")[2].partition("            - snas\n")[0]
        command = ["sh", "-c", script, "snas", "--mode=search"]
    done = subprocess.run(
        command,
        cwd=EXAMPLES / "machines",
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "JOB_COMPLETION_INDEX": "1",
            "SLURM_JOB_NODELIST": "node[1-2]",
            "SLURM_JOB_ID": "7",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    text, flags = done.stdout.splitlines()
    config = ClusterConfig.from_environment({"TF_CONFIG": text})
    assert (config.count, config.index) == (2, 1)
    assert flags.startswith("--mode=search")
