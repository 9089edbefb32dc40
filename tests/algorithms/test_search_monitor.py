import csv
import logging
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms import search_monitor
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.algorithms.search_monitor import SearchMonitor
from snas_tf.algorithms.snas import SNAS
from snas_tf.architecture import cost, genotype_source, network_cost
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import SearchConfig
from snas_tf.models.parent import ParentNetwork
from snas_tf.runs import event_files
from snas_tf.runs import monitor as monitors
from snas_tf.runs.progress import Progress
from snas_tf.runs.run_directory import RunDirectory
from tests.runs import events

MEANS = {
    "loss": 2.0,
    "cross_entropy": 1.5,
    "penalty": 0.5,
    "penalty_share": 0.125,
    "accuracy": 0.5,
    "valid_cross_entropy": 1.0,
    "valid_accuracy": 0.25,
}
ENTROPIES = [f"entropy_{kind}" for kind in DARTS.kinds]


class Rate(Progress):
    """A progress that has measured a rate, 100 images/s if not told otherwise."""

    rate = 100.0

    def images_per_second(self):
        return self.rate


@pytest.fixture(scope="module")
def shared_model():
    network = ParentNetwork(
        DARTS.plan_network(3, 4, (8, 8)), 4, np.zeros(3), np.ones(3), skip_threshold=0
    )
    return SearchModel(SNAS(network, SearchConfig(), num_steps=30, seed=0))


@pytest.fixture
def model(shared_model):
    """A search model that has decided nothing yet."""
    snas = shared_model.algorithm
    start = snas.distribution.log_alpha()
    rate = float(snas.alpha_optimizer.learning_rate)
    yield shared_model
    snas.distribution.assign(start)
    shared_model.config = SearchConfig()
    snas.alpha_optimizer.learning_rate = rate


def make(path, model, num_epochs=3, rows=()):
    run = RunDirectory(path / "run")
    run.path.mkdir(exist_ok=True)
    progress = Rate(num_epochs, steps_per_epoch=10, batch_size=50)
    return SearchMonitor(model, run, progress, num_epochs, list(rows))


@pytest.fixture
def monitored(tmp_path, model, no_drawing):
    return RunDirectory(tmp_path / "run"), make(tmp_path, model)


@pytest.fixture
def no_drawing(monkeypatch):
    """Replace pictures by one pixel: drawing takes half a second."""
    monkeypatch.setattr(search_monitor, "plots", mock.Mock())
    pixel = np.zeros((1, 1, 1, 4), np.uint8)
    monkeypatch.setattr(event_files, "write_picture", lambda tag, _: tf.summary.image(tag, pixel))


def read_rows(run):
    with run.metrics.open() as file:
        return [{name: float(one) for name, one in row.items()} for row in csv.DictReader(file)]


def pictures(run, start):
    """Epochs at which a picture whose tag starts so was drawn."""
    return [step for step, tag in events.points(run.tensorboard) if tag.startswith(start)]


def choose(monitor, operation):
    for kind in DARTS.kinds:
        one_hot = np.eye(8)[[DARTS.operations.index(operation)] * 14]
        monitor.model.algorithm.distribution.edges[kind].log_alpha.assign(100 * one_hot)


def test_a_row_and_a_line_say_the_same(tmp_path, model, capsys):
    run, monitor = RunDirectory(tmp_path / "run"), make(tmp_path, model)
    monitor.report(0, MEANS)
    row = read_rows(run)[0]
    assert row["valid_accuracy"] == 0.25
    assert row["entropy_normal"] == pytest.approx(np.log(8), abs=1e-3)
    line = capsys.readouterr().out
    assert "epoch 1/3  loss 2.000  accuracy 0.500  valid 0.250  entropy 2.08 normal" in line
    assert f"child {row['expected_parameters'] / 1e6:.3f} M parameters" in line
    assert line.endswith("100 images/s  0:00:10 left\n")


def test_the_expected_costs_of_a_decided_search_are_its_childs(monitored):
    run, monitor = monitored
    choose(monitor, "sep_conv_3x3")
    monitor.report(0, MEANS)
    genotype = genotype_source.read_genotype(run.path / "genotype.json")
    counted = network_cost.child_cost(genotype, monitor.model.network.network_plan, 4)
    row = read_rows(run)[0]
    for name in cost.CRITERIA:
        assert row[f"expected_{name}"] == pytest.approx(getattr(counted, name), rel=1e-5)


def test_a_collapse_is_warned_of_when_it_begins(monitored, caplog):
    _, monitor = monitored
    with caplog.at_level(logging.WARNING):
        for epoch, operation in enumerate(["skip_connect", "skip_connect", "none"]):
            choose(monitor, operation)
            monitor.report(epoch, MEANS)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        "the normal cell is collapsing: every live edge is a skip or a pooling",
        "the reduce cell is collapsing: every live edge is a skip or a pooling",
        "the normal cell is collapsing: every edge is zero",
        "the reduce cell is collapsing: every edge is zero",
    ]


def test_a_search_that_has_decided_nothing_at_its_half_is_warned_of_once(monitored, caplog):
    _, monitor = monitored
    monitor.model.config = SearchConfig(alpha_decay="coupled")
    monitor.model.algorithm.alpha_optimizer.learning_rate = 3e-4
    with caplog.at_level(logging.WARNING):
        for epoch in range(3):
            monitor.report(epoch, MEANS)
            assert len(caplog.records) == (epoch >= 1)  # 2 of 3 epochs are the first half
    message = caplog.records[0].getMessage()
    assert (
        "not begun to fall in the normal and the reduce cell (2.08, 2.08 of 2.08 nats)" in message
    )
    assert "raise `alpha_learning_rate`, now 0.0003 and by default 0.55 in so many steps" in message
    assert "and use `alpha_decay`=decoupled" in message


def test_a_cell_that_has_begun_to_decide_is_not_warned_of(monitored, caplog):
    """Of 2.08 nats 1.92 are left where one operation is ahead by 1.3, and 1.37 by 2.5."""
    _, monitor = monitored
    for kind, gap in (("normal", 2.5), ("reduce", 1.3)):
        monitor.model.algorithm.distribution.edges[kind].log_alpha.assign(gap * np.eye(8)[[4] * 14])
    with caplog.at_level(logging.WARNING):
        monitor.report(1, MEANS)
    (message,) = (record.getMessage() for record in caplog.records)
    assert "not begun to fall in the reduce cell (1.92 of" in message
    assert "decoupled" not in message


def test_the_rows_of_all_epochs_are_in_the_table(tmp_path, model, no_drawing):
    earlier = make(tmp_path, model)
    earlier.report(0, MEANS)
    later = make(tmp_path, model, rows=earlier.rows)
    later.report(1, {**MEANS, "loss": 1.0})
    table = read_rows(RunDirectory(tmp_path / "run"))
    assert [(row["epoch"], row["loss"]) for row in table] == [(1, 2.0), (2, 1.0)]
    assert later.rows == table


def test_an_epoch_that_is_reported_again_leaves_the_same_files(
    tmp_path, model, no_drawing, monkeypatch
):
    """As after a kill anywhere in its report, which may have been its last act or its first."""
    monkeypatch.setattr(monitors.time, "monotonic", lambda: 0.0)
    run = RunDirectory(tmp_path / "run")
    monitor = make(tmp_path, model)
    choose(monitor, "sep_conv_3x3")
    monitor.report(0, MEANS)
    choose(monitor, "dil_conv_3x3")
    monitor.report(1, MEANS)
    before = contents(run), events.points(run.tensorboard)
    for rows in (monitor.rows[:1], monitor.rows[:1]):
        make(tmp_path, model, rows=rows).report(1, MEANS)
        assert (contents(run), events.points(run.tensorboard)) == before
    assert pictures(run, "cell/normal") == [1, 2]


def test_a_first_epoch_that_is_reported_again_leaves_the_same_files(
    tmp_path, model, no_drawing, monkeypatch
):
    monkeypatch.setattr(monitors.time, "monotonic", lambda: 0.0)
    run = RunDirectory(tmp_path / "run")
    make(tmp_path, model).report(0, MEANS)
    before = contents(run), events.points(run.tensorboard)
    make(tmp_path, model).report(0, MEANS)
    assert (contents(run), events.points(run.tensorboard)) == before
    assert before[1].count((0, "settings")) == 1


def contents(run):
    paths = [run.metrics, run.genotype, *run.genotypes.iterdir()]
    return {path: path.read_bytes() for path in paths}


def test_a_collapse_that_was_warned_of_is_not_warned_of_again(tmp_path, model, no_drawing, caplog):
    monitor = make(tmp_path, model)
    choose(monitor, "skip_connect")
    monitor.report(0, MEANS)
    monitor.report(1, MEANS)
    assert caplog.text.count("is collapsing") == 2
    make(tmp_path, model, rows=monitor.rows).report(2, MEANS)
    assert caplog.text.count("is collapsing") == 2


def test_the_genotype_of_every_epoch_is_kept(monitored):
    run, monitor = monitored
    found = []
    for epoch, operation in enumerate(["sep_conv_3x3", "dil_conv_3x3", "sep_conv_3x3"]):
        choose(monitor, operation)
        monitor.report(epoch, MEANS)
        found.append(run.genotype.read_bytes())
        assert found[-1] == (run.genotypes / f"epoch_{epoch + 1:04d}.json").read_bytes()
    assert found[0] == found[2] != found[1]


def test_a_cell_is_drawn_when_it_has_changed_and_then_alone(tmp_path, model, no_drawing):
    run, monitor = RunDirectory(tmp_path / "run"), make(tmp_path, model, num_epochs=6)
    chosen = {
        "normal": ["sep_conv_3x3"] * 2 + ["dil_conv_3x3"] * 4,
        "reduce": ["sep_conv_3x3"] * 4 + ["skip_connect"] + ["sep_conv_3x3"],
    }
    for epoch in range(6):
        for kind in DARTS.kinds:
            one_hot = np.eye(8)[[DARTS.operations.index(chosen[kind][epoch])] * 14]
            model.algorithm.distribution.edges[kind].log_alpha.assign(100 * one_hot)
        monitor.report(epoch, MEANS)
    assert pictures(run, "cell/normal") == [1, 3]
    assert pictures(run, "cell/reduce") == [1, 5, 6]
    assert pictures(run, "genotype") == [1, 3, 5, 6]


def test_a_long_search_draws_a_cell_that_has_changed_since_it_was_last_drawn(
    tmp_path, model, no_drawing
):
    """One of 30 epochs draws at every third, and at the last."""
    run, monitor = RunDirectory(tmp_path / "run"), make(tmp_path, model, num_epochs=30)
    for epoch in range(8):
        choose(monitor, "dil_conv_3x3" if epoch in (1, 2, 5, 6, 7) else "sep_conv_3x3")
        monitor.report(epoch, MEANS)
    assert pictures(run, "cell/normal") == [1, 7]
    assert pictures(run, "genotype") == [1, 2, 4, 6]


@pytest.mark.parametrize("num_epochs", [1, 3, 31, 150])
def test_the_distributions_are_drawn_at_most_about_ten_times_and_at_the_end(
    tmp_path, model, monkeypatch, num_epochs
):
    drawn = []
    monkeypatch.setattr(event_files, "write_picture", lambda tag, _: drawn.append(tag))
    monkeypatch.setattr(search_monitor, "plots", mock.Mock())
    monitor, row = make(tmp_path, model, num_epochs), dict.fromkeys(ENTROPIES, 0.0)
    epochs = []
    monitor.genotype = model.derive()
    for epoch in range(num_epochs):
        monitor.keep(epoch, row)
        epochs += [epoch + 1] * drawn.count("alpha/normal")
        assert drawn.count("alpha/normal") == drawn.count("alpha/reduce")
        drawn.clear()
    assert epochs[0] == 1
    assert epochs[-1] == num_epochs
    assert min(num_epochs, 5) <= len(epochs) <= 11


@pytest.mark.parametrize("rate", [float("nan"), 100.0])
def test_a_rate_that_is_not_known_is_not_printed(monitored, monkeypatch, capsys, rate):
    monkeypatch.setattr(Rate, "rate", rate)
    monitored[1].report(0, MEANS)
    output = capsys.readouterr().out
    assert "nan" not in output
    assert ("images/s" in output) == ("left" in output) == (rate == 100)
    tags = {tag for _, tag in events.points(monitored[0].tensorboard)}
    assert ("run/images_per_second" in tags) == (rate == 100)


def test_the_reported_rate_is_the_median_of_the_epochs_that_have_one(monitored, monkeypatch):
    _, monitor = monitored
    assert monitor.images_per_second() is None
    for epoch, rate in enumerate([float("nan"), 10.0, 1000.0, 30.0]):
        monkeypatch.setattr(Rate, "rate", rate)
        monitor.report(epoch, MEANS)
        assert (monitor.images_per_second() is None) == (epoch == 0)
    assert monitor.images_per_second() == 30


def test_the_time_of_a_run_includes_what_passed_before_an_interruption(
    tmp_path, model, no_drawing, monkeypatch
):
    now = [0.0]
    monkeypatch.setattr(monitors.time, "monotonic", lambda: now[0])
    monitor = make(tmp_path, model)
    now[0] = 50.0
    monitor.report(0, MEANS)
    now[0] = 1000.0  # another process, later
    again = make(tmp_path, model, rows=monitor.rows)
    now[0] = 1007.0
    assert again.seconds() == 57


def test_the_entropy_is_the_mean_of_the_edges_in_nats():
    probabilities = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    expected = (0 + np.log(2) + np.log(3)) / 3
    assert search_monitor.mean_entropy(probabilities) == pytest.approx(expected)
    several = np.random.default_rng(0).dirichlet(np.ones(8), 14)
    expected = np.mean([-sum(one * np.log(one) for one in row) for row in several])
    assert search_monitor.mean_entropy(several) == pytest.approx(expected)


def test_what_the_cells_have_is_counted_in_the_row_the_line_and_tensorboard(monitored, capsys):
    run, monitor = monitored
    choose(monitor, "skip_connect")
    columns = [DARTS.operations.index(name) for name in ("none", "skip_connect", "sep_conv_5x5")]
    kept = np.eye(8)[np.repeat(columns, (10, 2, 2))]
    monitor.model.algorithm.distribution.edges["normal"].log_alpha.assign(100 * kept)
    monitor.report(0, MEANS)
    row = read_rows(run)[0]
    expected = {"normal": (10, 2, 0, 2), "reduce": (0, 14, 0, 0)}
    for kind, counts in expected.items():
        names = ("zeros", "skips", "poolings", "convolutions")
        assert tuple(row[f"{name}_{kind}"] for name in names) == counts
    line = capsys.readouterr().out
    assert "normal 2 conv 0 pool 2 skip 10 zero" in line
    assert "reduce 0 conv 0 pool 14 skip 0 zero" in line
    tags = {tag for _, tag in events.points(run.tensorboard)}
    assert {"edges_normal/skips", "edges_reduce/convolutions"} <= tags


@pytest.mark.parametrize(("asked", "stopped"), [(True, True), (False, False)])
def test_a_search_is_stopped_at_a_collapse_where_that_is_asked_for(
    tmp_path, model, no_drawing, asked, stopped
):
    model.config = SearchConfig(stop_on_collapse=asked)
    monitor = make(tmp_path, model)
    choose(monitor, "sep_conv_3x3")
    monitor.report(0, MEANS)
    assert not model.stop_training
    choose(monitor, "skip_connect")
    monitor.report(1, MEANS)
    assert model.stop_training == stopped
    model.stop_training = False
