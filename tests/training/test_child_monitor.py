import math

import numpy as np
import pytest

from snas_tf.architecture import zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import ChildConfig
from snas_tf.models.child import ChildNetwork
from snas_tf.runs import checkpoint_files
from snas_tf.runs import monitor as monitors
from snas_tf.runs.progress import Progress
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.training.child_model import ChildModel
from snas_tf.training.child_monitor import BEST, ChildMonitor
from tests.runs import events

GENOTYPE = zoo.genotypes()["darts_v2"]
MEANS = {"loss": 2.0, "cross_entropy": 1.5, "accuracy": 0.5}


class Rate(Progress):
    """A progress that has measured 100 images/s."""

    def images_per_second(self):
        return 100.0


def network():
    network_plan = DARTS.plan_network(3, 2, (8, 8))
    return ChildNetwork(GENOTYPE, network_plan, 4, np.zeros(3), np.ones(3))


@pytest.fixture(scope="module")
def model():
    return ChildModel(network(), ChildConfig(3, 2, epochs=9), 10, seed=0)


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    return RunDirectory(tmp_path / "run")


def make(run, model, rows=()):
    return ChildMonitor(model, run, Rate(9, 10, 50), 9, list(rows))


def report(monitor, accuracies, first=0):
    """Report an epoch; the classifier's bias identifies its weights."""
    for epoch, accuracy in enumerate(accuracies, first):
        monitor.model.network.classify.bias.assign([epoch] * 4)
        held_out = {"valid_cross_entropy": 1.0, "valid_accuracy": accuracy}
        monitor.report(epoch, MEANS if accuracy is None else {**MEANS, **held_out})


def kept(run):
    """Epochs of the weights in the directory, counted from 0."""
    restored = network()
    checkpoint_files.restore_network(restored, run.best, BEST)
    bias = restored.classify.bias.numpy().tolist()
    assert bias == [bias[0]] * 4
    return len(list(run.best.glob("*.index"))), bias[0]


def test_the_weights_of_the_first_best_validation_epoch_are_kept(run, model):
    monitor = make(run, model)
    report(monitor, [0.3, 0.6, 0.5, 0.6, 0.2])
    assert monitor.best_row()["epoch"] == 2
    assert kept(run) == (1, 1)


def test_a_run_that_resumes_knows_its_best_epoch(run, model):
    report(make(run, model), [0.3, 0.6, 0.5])
    earlier = make(run, model)
    report(earlier, [0.3, 0.6])
    report(make(run, model, earlier.rows), [0.5, 0.4], first=2)
    assert kept(run) == (1, 1)
    report(make(run, model, earlier.rows), [0.7], first=2)
    assert kept(run) == (1, 2)


@pytest.mark.parametrize("accuracies", [[0.6], [0.3, 0.6], [0.6, 0.3]])
def test_an_epoch_that_is_reported_again_leaves_the_same_weights_and_table(
    run, model, accuracies, monkeypatch
):
    monkeypatch.setattr(monitors.time, "monotonic", lambda: 0.0)
    monitor = make(run, model)
    report(monitor, accuracies)
    before = kept(run), run.metrics.read_bytes(), events.points(run.tensorboard)
    last = len(accuracies) - 1
    report(make(run, model, monitor.rows[:last]), accuracies[last:], first=last)
    assert (kept(run), run.metrics.read_bytes(), events.points(run.tensorboard)) == before


def test_without_validation_images_there_is_no_best_epoch(run, model, capsys):
    monitor = make(run, model)
    report(monitor, [None, None])
    assert monitor.best_row() is None
    assert not run.best.exists()
    assert math.isnan(monitor.rows[0]["valid_accuracy"])
    assert "nan" not in capsys.readouterr().out
    assert not any("valid" in tag for _, tag in events.points(run.tensorboard))


def test_the_line_says_what_the_row_does(run, model, capsys):
    report(make(run, model), [0.25])
    line = capsys.readouterr().out
    assert "epoch 1/9  loss 2.000  accuracy 0.500  valid 0.250  100 images/s" in line


def test_the_settings_are_in_tensorboard_once(run, model):
    first = make(run, model)
    report(first, [0.25])
    make(run, model, first.rows)
    assert [step for step, tag in events.points(run.tensorboard) if tag == "settings"] == [0]
