import math

import numpy as np
import pytest

from snas_tf.architecture import space, zoo
from snas_tf.config import EvaluationConfig
from snas_tf.models.child import ChildNetwork
from snas_tf.training import checkpoints
from snas_tf.training.evaluation_model import EvaluationModel
from snas_tf.training.evaluation_monitor import EvaluationMonitor
from snas_tf.training.progress import Progress
from snas_tf.training.run_directory import RunDirectory

FOUND = zoo.genotypes()["darts_v2"]
LOGS = {"loss": 2.0, "cross_entropy": 1.5, "accuracy": 0.5, "val_cross_entropy": 1.0}


class Rate(Progress):
    """A progress that has measured 100 images/s."""

    def images_per_second(self):
        return 100.0


def network():
    plans = space.plan_network(3, 2, (8, 8))
    return ChildNetwork(FOUND, plans, 4, np.zeros(3), np.ones(3))


@pytest.fixture
def monitored(tmp_path):
    run = RunDirectory(tmp_path / "run")
    run.open({}, {})
    monitor = EvaluationMonitor(run, Rate(9, 10, 50), 9, 0)
    monitor.set_model(EvaluationModel(network(), EvaluationConfig(3, 2, epochs=9), 10, seed=0))
    return run, monitor


def end_epochs(monitor, accuracies):
    """The classifier's bias tells afterwards whose weights were kept."""
    for epoch, accuracy in enumerate(accuracies):
        monitor.model.network.classify.bias.assign([epoch] * 4)
        logs = LOGS if accuracy is None else {**LOGS, "val_accuracy": accuracy}
        monitor.on_epoch_end(epoch, logs)


def test_the_weights_of_the_first_best_validation_epoch_are_kept(monitored):
    run, monitor = monitored
    end_epochs(monitor, [0.3, 0.6, 0.5, 0.6, 0.2])
    assert monitor.best_row()["epoch"] == 2
    restored = network()
    checkpoints.restore_network(restored, run.best)
    assert restored.classify.bias.numpy().tolist() == [1] * 4
    assert len(list(run.best.glob("*.index"))) == 1


def test_without_validation_images_there_is_no_best_epoch(monitored):
    run, monitor = monitored
    end_epochs(monitor, [None, None])
    assert monitor.best_row() is None
    assert not run.best.exists()
    assert math.isnan(run.read_rows()[0]["valid_accuracy"])


def test_the_line_says_what_the_row_does(monitored, capsys):
    end_epochs(monitored[1], [0.25])
    line = capsys.readouterr().out
    assert "epoch 1/9  loss 2.000  accuracy 0.500  valid 0.250  100 images/s" in line
