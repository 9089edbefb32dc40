import logging

import numpy as np
import pytest

from snas_tf.architecture import cost, lookup, space
from snas_tf.config import SearchConfig
from snas_tf.errors import UserError
from snas_tf.models.parent import ParentNetwork
from snas_tf.training.progress import Progress
from snas_tf.training.run_directory import RunDirectory
from snas_tf.training.search_model import SearchModel
from snas_tf.training.search_monitor import SearchMonitor

LOGS = {
    "loss": 2.0,
    "cross_entropy": 1.5,
    "penalty": 0.5,
    "penalty_share": 0.125,
    "accuracy": 0.5,
    "val_cross_entropy": 1.0,
    "val_accuracy": 0.25,
}


class Rate(Progress):
    """A progress that has measured 100 images/s."""

    def images_per_second(self):
        return 100.0


@pytest.fixture
def monitored(tmp_path):
    run = RunDirectory(tmp_path / "run")
    run.open({}, {})
    monitor = SearchMonitor(run, Rate(3, 10, 50), num_epochs=3, first_epoch=0)
    network = ParentNetwork(
        space.plan_network(3, 4, (8, 8)), 4, np.zeros(3), np.ones(3), skip_threshold=0
    )
    monitor.set_model(SearchModel(network, SearchConfig(), num_steps=30, seed=0))
    return run, monitor


def choose(monitor, operation):
    for kind in space.KINDS:
        one_hot = np.eye(8)[[space.OPERATIONS.index(operation)] * 14]
        monitor.model.edges[kind].log_alpha.assign(100 * one_hot)


def test_a_row_and_a_line_say_the_same(monitored, capsys):
    run, monitor = monitored
    monitor.on_epoch_end(0, LOGS)
    row = run.read_rows()[0]
    assert row["valid_accuracy"] == 0.25
    assert row["entropy_normal"] == pytest.approx(np.log(8), abs=1e-3)
    line = capsys.readouterr().out
    assert "epoch 1/3  loss 2.000  accuracy 0.500  valid 0.250  entropy 2.08 normal" in line
    assert f"child {row['expected_parameters'] / 1e6:.3f} M parameters" in line
    assert line.endswith("100 images/s  0:00:10 left\n")


def test_the_expected_costs_of_a_decided_search_are_its_childs(monitored):
    run, monitor = monitored
    choose(monitor, "sep_conv_3x3")
    monitor.on_epoch_end(0, LOGS)
    found = lookup.read(run.path / "genotype.json")
    counted = cost.child(found, monitor.model.network.plans, 4)
    row = run.read_rows()[0]
    for name in cost.CRITERIA:
        assert row[f"expected_{name}"] == pytest.approx(getattr(counted, name), rel=1e-5)


def test_a_collapse_is_warned_of_when_it_begins(monitored, caplog):
    _, monitor = monitored
    with caplog.at_level(logging.WARNING):
        for epoch, operation in enumerate(["skip_connect", "skip_connect", "none"]):
            choose(monitor, operation)
            monitor.on_epoch_end(epoch, LOGS)
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
    monitor.model.alpha_optimizer.learning_rate = 3e-4
    with caplog.at_level(logging.WARNING):
        for epoch in range(3):
            monitor.on_epoch_end(epoch, LOGS)
            assert len(caplog.records) == (epoch >= 1)  # 2 of 3 epochs are the first half
    message = caplog.records[0].getMessage()
    assert (
        "not begun to fall in the normal and the reduce cell (2.08, 2.08 of 2.08 nats)" in message
    )
    assert "raise --alpha_learning_rate, now 0.0003 and by default 0.55 in so many steps" in message
    assert "and use --alpha_decay=decoupled" in message


def test_a_cell_that_has_begun_to_decide_is_not_warned_of(monitored, caplog):
    """Of 2.08 nats 1.92 are left where one operation is ahead by 1.3, and 1.37 by 2.5."""
    _, monitor = monitored
    for kind, gap in (("normal", 2.5), ("reduce", 1.3)):
        monitor.model.edges[kind].log_alpha.assign(gap * np.eye(8)[[4] * 14])
    with caplog.at_level(logging.WARNING):
        monitor.on_epoch_end(1, LOGS)
    (message,) = (record.getMessage() for record in caplog.records)
    assert "not begun to fall in the reduce cell (1.92 of" in message
    assert "decoupled" not in message


def test_a_loss_that_is_no_number_ends_the_run(monitored):
    with pytest.raises(UserError, match="diverged, the loss of epoch 1 is nan"):
        monitored[1].on_epoch_end(0, {**LOGS, "loss": float("nan")})


def test_rows_after_the_restored_epoch_are_dropped(monitored):
    run, monitor = monitored
    for epoch in range(2):
        monitor.on_epoch_end(epoch, LOGS)
    again = SearchMonitor(run, Rate(3, 10, 50), num_epochs=3, first_epoch=1)
    assert [row["epoch"] for row in again.rows] == [1]
