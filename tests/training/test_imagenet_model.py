import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import ImageNetConfig
from snas_tf.models.child import ChildNetwork
from snas_tf.training.imagenet_model import EpochDecay, ImageNetModel
from snas_tf.training.optimizers import MomentumSGD

GENOTYPE = zoo.genotypes()["darts_v2"]
CLASSES = 7


def make(**settings):
    network_plan = DARTS.plan_network(3, 2, (32, 32), stem="imagenet")
    network = ChildNetwork(GENOTYPE, network_plan, CLASSES, (120,) * 3, (60,) * 3)
    return ImageNetModel(network, ImageNetConfig(3, 2, epochs=2, **settings), 5, seed=0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_labels_are_smoothed(smoothing):
    logits = np.random.default_rng(0).normal(size=(4, CLASSES)).astype(np.float32)
    labels = np.array([0, 3, 6, 3])
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    target = (1 - smoothing) * np.eye(CLASSES)[labels] + smoothing / CLASSES
    expected = -(target * log_probabilities).sum(axis=1)
    losses = make(label_smoothing=smoothing).losses(tf.constant(labels), tf.constant(logits))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_the_rate_is_the_schedule_of_the_step():
    model = make(learning_rate_decay=0.5, theta_learning_rate=0.2, warmup_epochs=1)
    assert isinstance(model.theta_optimizer, MomentumSGD)
    for step, expected in [(0, 0.04), (4, 0.2), (5, 0.1), (10, 0.05)]:
        model.theta_optimizer.iterations.assign(step)
        assert float(model.theta_optimizer.learning_rate) == pytest.approx(expected)
    schedule = EpochDecay(0.2, 0.5, 5, 5)
    assert EpochDecay(**schedule.get_config())(7) == schedule(7)


def test_top_1_and_top_5_errors_are_those_of_the_logits():
    model = make()
    images = np.random.default_rng(1).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(20) % CLASSES
    ranks = np.argsort(-model.network(images).numpy(), axis=1)
    hits = ranks == labels[:, np.newaxis]
    weight = np.ones(20, np.float32)
    batch = {"image": images, "label": labels, "weight": weight}
    errors = model.test_errors(tf.data.Dataset.from_tensors(batch))
    assert errors["test_error"] == pytest.approx(1 - hits[:, 0].mean())
    assert errors["test_top_5_error"] == pytest.approx(1 - hits[:, :5].any(axis=1).mean())
