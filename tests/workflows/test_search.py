"""The real program on the embedded digits, from flags to pictures, and after a kill."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import child_latency, genotype_source, latency_file
from tests.latency_tables import write_table
from tests.programs import TINY, kill_after_step, run, run_in_process

VOLATILE = {"images_per_second", "seconds"}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A latency table, of which latency is a part of the cost."""
    return write_table(tmp_path_factory.mktemp("a table") / "table.json", num_nodes=2)


@pytest.fixture(scope="module")
def flags(table):
    """The flags of a run of two epochs of eight steps."""
    return (*TINY, f"--latency_table={table}", "--latency_weight=1")


@pytest.fixture(scope="module")
def finished(tmp_path_factory, flags):
    """Such a run, and what it printed."""
    model_dir = tmp_path_factory.mktemp("finished") / "run"
    done = run(*flags, f"--model_dir={model_dir}")
    assert done.returncode == 0, done.stderr
    return model_dir, done.stdout


def rows(model_dir):
    with (model_dir / "metrics.csv").open() as file:
        return [
            {name: value for name, value in row.items() if name not in VOLATILE}
            for row in csv.DictReader(file)
        ]


def result_of(model_dir):
    return json.loads((model_dir / "result.json").read_text())


def variables(model_dir, step):
    prefix = str(model_dir / "checkpoints" / f"step-{step}")
    reader = tf.train.load_checkpoint(prefix)
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name.startswith("variables/")
    }


def test_a_run_leaves_all_its_files(finished):
    model_dir, _ = finished
    names = {path.name for path in model_dir.iterdir()}
    assert names == {
        "run.json",
        "network.json",
        "checkpoints",
        "tensorboard",
        "metrics.csv",
        "genotype.json",
        "genotypes",
        "normal.png",
        "normal.svg",
        "reduce.png",
        "reduce.svg",
        "curves.png",
        "credit_normal.png",
        "credit_reduce.png",
        "result.json",
    }
    assert len(list((model_dir / "genotypes").iterdir())) == 2
    genotype_source.read_genotype(model_dir / "genotype.json")
    record = json.loads((model_dir / "run.json").read_text())
    assert record["kind"] == "search"
    assert record["settings"]["constraint_weight"] == 0.03
    assert record["inputs"]["images"]["class_names"] == list("0123456789")


def test_the_result_says_what_was_found(finished):
    result = result_of(finished[0])
    assert {
        "search_valid_accuracy",
        "child_valid_accuracy",
        "entropy_normal",
        "entropy_reduce",
        "child_parameters",
        "child_multiply_adds",
        "images_per_second",
        "seconds",
    } <= set(result)
    with (finished[0] / "metrics.csv").open() as file:
        *_, last = csv.DictReader(file)
    assert result["search_valid_accuracy"] == pytest.approx(float(last["valid_accuracy"]))
    for name in ("entropy_normal", "entropy_reduce"):
        assert result[name] == pytest.approx(float(last[name]))
    assert result["steps"] == 16


def test_the_screen_has_a_plain_line_an_epoch_and_the_pictures(finished):
    model_dir, output = finished
    lines = [line for line in output.splitlines() if line.startswith("epoch ")]
    assert [line.split()[1] for line in lines] == ["1/2", "2/2"]
    for word in ("loss", "accuracy", "valid", "entropy", "parameters", "images/s", "left"):
        assert word in lines[-1]
    assert "\r" not in output
    assert str(model_dir / "normal.png") in output


def test_tensorboard_has_scalars_pictures_and_texts(finished):
    tags = set()
    for path in (finished[0] / "tensorboard").glob("events*"):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            tags |= {value.tag for value in event.summary.value}
    assert {
        "losses/cross_entropy",
        "losses/penalty",
        "accuracy/valid",
        "run/temperature",
        "learning_rate/theta",
        "learning_rate/alpha",
        "entropy/normal",
        "entropy/reduce",
        "expected_cost/parameters",
        "expected_cost/flops",
        "expected_cost/memory_access",
        "expected_cost/latency_ms",
        "alpha/normal",
        "alpha/reduce",
        "cell/normal",
        "cell/reduce",
        "genotype",
        "settings",
    } <= tags


def test_the_latency_of_the_child_is_predicted_by_the_table(finished, table):
    model_dir, output = finished
    genotype = genotype_source.read_genotype(model_dir / "genotype.json")
    expected = child_latency.predict(latency_file.read(table), genotype)
    assert result_of(model_dir)["child_latency_ms"] == pytest.approx(expected, abs=1e-3)
    assert f", {expected:.3f} ms predicted in the network of the table, " in output


def test_a_finished_run_is_reported_again_and_not_repeated(finished, flags):
    model_dir, _ = finished
    before = {path: path.stat().st_mtime_ns for path in model_dir.rglob("*")}
    again = run_in_process(*flags, f"--model_dir={model_dir}")
    assert again.returncode == 0, again.stderr
    assert "finished on" in again.stdout
    assert "child accuracy" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in model_dir.rglob("*")} == before


def test_other_flags_on_the_same_directory_are_refused_by_name(finished, flags):
    done = run_in_process(*flags, f"--model_dir={finished[0]}", "--seed=5")
    assert done.returncode == 2
    assert "--seed=5" in done.stderr
    assert "--seed=0" in done.stderr


@pytest.mark.slow
def test_a_run_killed_within_an_epoch_continues_bit_for_bit(finished, flags, tmp_path):
    model_dir = tmp_path / "killed"
    flags = (*flags, f"--model_dir={model_dir}", "--checkpoint_every_steps=3")
    # Step 3 of 8 in the first epoch: the kill comes between two checkpoints, in a running epoch.
    kill_after_step(3, model_dir, *flags)
    assert not (model_dir / "result.json").exists()

    resumed = run(*flags)
    assert resumed.returncode == 0, resumed.stderr
    assert "resuming" in resumed.stdout
    expected, received = variables(finished[0], 16), variables(model_dir, 16)
    assert expected.keys() == received.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(received[name], value, err_msg=name)
    assert rows(model_dir) == rows(finished[0])
    found, before = (path / "genotype.json" for path in (model_dir, finished[0]))
    assert genotype_source.read_genotype(found) == genotype_source.read_genotype(before)


def test_a_child_with_the_searchs_weights_has_the_accuracy_that_the_search_reports(
    finished, tmp_path
):
    done = run_in_process(
        "--mode=evaluate",
        f"--initial_weights={finished[0]}",
        "--epochs=0",
        f"--model_dir={tmp_path / 'run'}",
    )
    assert done.returncode == 0, done.stderr
    expected = result_of(finished[0])["child_valid_accuracy"]
    assert result_of(tmp_path / "run")["valid_accuracy"] == expected
    assert (tmp_path / "run" / "export" / "saved_model.pb").exists()


def test_another_network_than_the_searchs_is_refused(finished, tmp_path):
    done = run_in_process(
        "--mode=evaluate",
        f"--initial_weights={finished[0]}",
        "--num_cells=4",
        f"--model_dir={tmp_path / 'run'}",
    )
    assert done.returncode == 2
    assert "num_cells 3" in done.stderr
    assert not (tmp_path / "run").exists()
