"""Whole comparisons, in a small space: from start to pictures, after kills, and with failures."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from snas_tf.architecture import spaces
from snas_tf.architecture.genotype import count_operations
from snas_tf.architecture.genotype_source import read_genotype
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import ChildConfig, Comparison, DataConfig, RunConfig, SearchConfig
from snas_tf.config.comparison import RANDOM
from snas_tf.data.held_out_dataset import HeldOutDataset
from snas_tf.errors import UserError
from snas_tf.workflows.compare import compare
from snas_tf.workflows.search import search
from tests.programs import run, run_in_process

OPERATIONS = ("none", "skip_connect", "sep_conv_3x3")
SPACE = spaces.register(SearchSpace("compared_in_tests", OPERATIONS, num_intermediate=1))
BASE = SearchConfig(space=SPACE.name, num_cells=3, init_channels=2, epochs=2, skip_threshold=0)
DARTS = dataclasses.replace(BASE, algorithm="darts", epochs=1)
CHILD = ChildConfig(
    num_cells=3,
    init_channels=4,
    epochs=0,  # They are tested as they are made, which takes a fraction of the time.
    cutout_length=0,
    drop_path_probability=0,
    auxiliary_weight=0,
)
OTHER = dataclasses.replace(BASE, epochs=3)
DATA = DataConfig("digits", batch_size=450)
BOTH = Comparison({"snas": BASE, "darts:x": DARTS}, (0, 3), CHILD, random_children=1)
TIMES = ("seconds", "trained_seconds")


def run_here(comparison, path, data=DATA):
    return compare(comparison, data, RunConfig(path))


def files(directory):
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def without_times(summary):
    return {
        part: [
            {name: value for name, value in one.items() if not name.startswith(TIMES)}
            for one in summary[part]
        ]
        for part in summary
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The directory of a whole comparison, in a directory of an odd name, and what it returned."""
    path = tmp_path_factory.mktemp("compare") / "a [b]*?é"
    return path, run_here(BOTH, path)


def test_every_run_is_an_ordinary_run_directory(finished):
    path, _ = finished
    for label in ("snas", "darts-x"):
        for seed in (0, 3):
            record = json.loads((path / label / f"seed_{seed}" / "run.json").read_text())
            assert (record["kind"], record["settings"]["seed"]) == ("search", seed)
            record = json.loads((path / label / f"seed_{seed}_child" / "run.json").read_text())
            assert (record["kind"], record["settings"]["epochs"]) == ("evaluate", 0)
    cells = {one.name for one in (path / "random-no-sharing").iterdir()}
    assert cells == {f"seed_{seed}_cell_{number}" for seed in (0, 3) for number in (1,)}


def test_a_run_goes_on_alone_as_the_search_that_it_is(finished, capsys):
    path = finished[0] / "darts-x" / "seed_3"
    result = search(DARTS, DATA, RunConfig(path, seed=3))
    assert "nothing to do" in capsys.readouterr().out
    assert result == json.loads((path / "result.json").read_text())


def test_the_summary_has_the_figures_of_every_run(finished):
    path, summary = finished
    assert json.loads((path / "compare.json").read_text()) == summary
    assert summary["missing"] == []
    runs = {(one["label"], one["seed"]): one for one in summary["runs"]}
    assert list(runs) == [(label, seed) for label in BOTH.labels for seed in (0, 3)]
    for label, name in (("snas", "snas"), ("darts:x", "darts-x")):
        for seed in (0, 3):
            one, place = runs[label, seed], path / name / f"seed_{seed}"
            found = json.loads((place / "result.json").read_text())
            for key in ("search_valid_accuracy", "child_valid_accuracy", "child_parameters"):
                assert one[key] == found[key]
            counts = count_operations(read_genotype(place / "genotype.json").cell("reduce"))
            assert {key: one[f"{key}_reduce"] for key in counts} == counts
            trained = json.loads((path / name / f"seed_{seed}_child" / "result.json").read_text())
            assert one["test_error"] == trained["test_error"]
            assert one["trained_parameters"] == trained["parameters"]
    assert runs["darts:x", 3]["algorithm"] == "darts"


def test_a_child_is_trained_on_the_cells_that_its_search_found(finished):
    path, _ = finished
    for place in (path / "snas" / "seed_0", path / "darts-x" / "seed_3"):
        child = place.with_name(f"{place.name}_child")
        assert read_genotype(child / "genotype.json") == read_genotype(place / "genotype.json")
        network = json.loads((child / "network.json").read_text())
        assert (network["num_cells"], network["init_channels"]) == (3, 4)


def test_the_tables_have_means_and_deviations(finished):
    path, _ = finished
    text = (path / "compare.md").read_text()
    errors = [
        json.loads((path / "snas" / f"seed_{seed}_child" / "result.json").read_text())["test_error"]
        for seed in (0, 3)
    ]
    shown = f"{100 * np.mean(errors):.2f} +- {100 * np.std(errors, ddof=1):.2f}"
    assert shown in text
    for name in ("accuracy.png", "entropy.png", "children.png", "test_error.png"):
        assert f"]({name})" in text
        assert (path / name).read_bytes().startswith(b"\x89PNG")


def test_a_finished_comparison_repeats_no_run_and_writes_the_same(finished, capsys):
    path, summary = finished
    before = files(path)
    assert run_here(BOTH, path) == summary
    assert files(path) == before
    output = capsys.readouterr().out
    assert "run 10 of 10: cell 1 of random, no sharing, seed 3" in output
    assert "run 3 of 10: darts:x, seed 0\n" in output
    assert output.count("nothing to do") == 10
    assert output.count("images  ") == 1


@pytest.mark.slow
def test_what_is_added_runs_and_nothing_else_does(finished, tmp_path, capsys):
    path = tmp_path / "run"
    shutil.copytree(finished[0], path)
    before = {name: files(path / name) for name in ("snas", "darts-x", "random-no-sharing")}
    more = {**BOTH.searches, "more": dataclasses.replace(BASE, epochs=1)}
    summary = run_here(Comparison(more, BOTH.seeds, CHILD, random_children=2), path)
    assert capsys.readouterr().out.count("nothing to do") == 10
    for name, contents in before.items():
        now = files(path / name)
        assert {file: now[file] for file in contents} == contents
    assert [one["label"] for one in summary["labels"]] == ["snas", "darts:x", "more", RANDOM]
    assert without_times(summary)["runs"][:4] == without_times(finished[1])["runs"][:4]


def test_other_settings_and_other_kinds_of_run_are_refused_and_nothing_is_lost(finished):
    path, _ = finished
    before = files(path)
    other = dataclasses.replace(BOTH, searches={**BOTH.searches, "snas": OTHER})
    with pytest.raises(UserError, match=r"^`epochs`=3: .*`model_dir`=.*`epochs`=2"):
        run_here(other, path)
    with pytest.raises(UserError, match=r"^`validation_fraction`=0\.2: .*=0\.1"):
        run_here(BOTH, path, dataclasses.replace(DATA, validation_fraction=0.2))
    with pytest.raises(UserError, match=r"`kind`=compare: .*`kind`=search"):
        run_here(BOTH, path / "snas" / "seed_0")
    assert files(path) == before


@pytest.mark.slow
def test_a_run_that_fails_is_named_and_the_same_call_takes_it_up(tmp_path, monkeypatch, capsys):
    def fail(dataset, fraction, seed, batch_size):
        if seed == 0:
            raise RuntimeError("broken\nhere")
        return divide(dataset, fraction, seed, batch_size)

    divide = HeldOutDataset.divide
    short = dataclasses.replace(DARTS, epochs=1)
    comparison = Comparison({"darts:x": short}, (0, 3), CHILD)
    with monkeypatch.context() as patch:
        patch.setattr(HeldOutDataset, "divide", fail)
        summary = run_here(comparison, tmp_path / "run")
    captured = capsys.readouterr()
    reason = "RuntimeError: broken here"
    assert f"run 1 failed: darts:x, seed 0: {reason}\n" in captured.err
    assert summary["missing"] == [
        {"run": "darts:x, seed 0", "reason": reason},
        {"run": "child of darts:x, seed 0", "reason": "its search is not finished"},
    ]
    assert [one["seed"] for one in summary["runs"]] == [3]
    assert f"- darts:x, seed 0: {reason}\n" in (tmp_path / "run" / "compare.md").read_text()
    summary = run_here(comparison, tmp_path / "run")
    assert summary["missing"] == []
    assert capsys.readouterr().out.count("nothing to do") == 2
    assert [one["seed"] for one in summary["runs"]] == [0, 3]


def test_a_search_that_diverges_is_named_with_its_settings(tmp_path, capsys):
    wild = dataclasses.replace(BASE, theta_learning_rate=1e30, theta_clip_norm=0)
    summary = run_here(Comparison({"wild": wild}, (0,)), tmp_path / "run")
    (missing,) = summary["missing"]
    assert missing["run"] == "wild, seed 0"
    assert missing["reason"].startswith("`theta_learning_rate`=1e+30: training diverged")
    assert summary["runs"] == []
    assert "| wild " in (tmp_path / "run" / "compare.md").read_text()


def test_images_that_can_not_be_had_leave_nothing(tmp_path):
    data = DataConfig("folder", tmp_path / "gone")
    with pytest.raises(UserError, match="`data_dir`="):
        run_here(BOTH, tmp_path / "above" / "run", data)
    with pytest.raises(UserError, match=r"`validation_fraction`=0\.0: a search needs validation"):
        run_here(BOTH, tmp_path / "run", dataclasses.replace(DATA, validation_fraction=0))
    with pytest.raises(UserError, match="lies in `data_dir`="):
        run_here(BOTH, tmp_path / "run", DataConfig("folder", tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_program_ends_with_1_after_the_summary_where_a_run_is_missing(tmp_path):
    flags = ("--mode=compare", "--algorithms=random", "--seeds=4", "--dataset=digits")
    space = ("--num_nodes=1", "--operations=none,skip_connect,sep_conv_3x3", "--skip_threshold=0")
    small = (*space, "--num_cells=3", "--init_channels=2", "--epochs=1", "--batch_size=300")
    done = run(*flags, *small, "--theta_learning_rate=1e38", "--model_dir=run", cwd=tmp_path)
    assert done.returncode == 1
    assert "run 1 failed: random, seed 4: --theta_learning_rate=1e+38: training" in done.stderr
    assert "Traceback" not in done.stderr
    assert "- random, seed 4: --theta_learning_rate=1e+38: training diverged" in done.stdout
    assert (tmp_path / "run" / "compare.json").exists()


def test_images_that_an_algorithm_cannot_divide_are_refused_before_any_run(tmp_path):
    # Half of the images are too few for the batch, of which the others have enough.
    flags = ("--mode=compare", "--algorithms=snas,darts", "--seeds=4", "--dataset=digits")
    done = run_in_process(*flags, "--batch_size=1000", "--model_dir=run", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "main.py: --algorithms=darts: --architecture_fraction=0.5: divides 1350 training images"
    )
    assert not list(tmp_path.iterdir())
