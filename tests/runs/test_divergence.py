import dataclasses
import types

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms.search_model import SearchModel
from snas_tf.algorithms.snas import SNAS
from snas_tf.config import ChildConfig, ImageNetConfig, SearchConfig
from snas_tf.errors import UserError
from snas_tf.models.parent import ParentNetwork
from snas_tf.runs.divergence import StopAtDivergence
from tests.small_space import TINY

FINITE = {
    "loss": 2.5,
    "cross_entropy": 2.0,
    "accuracy": 0.5,
    "penalty": 0.5,
    "penalty_share": 0.2,
}
NAN, INF = float("nan"), float("inf")


def stopper(config, step=7):
    callback = StopAtDivergence()
    callback.set_model(types.SimpleNamespace(config=config, step=tf.constant(step)))
    return callback


def blamed(config, **logs):
    """Return the settings at the start of the message, and the message."""
    logs = {name: tf.constant(value) for name, value in {**FINITE, **logs}.items()}
    with pytest.raises(UserError) as error:
        stopper(config).on_train_batch_end(0, logs)
    message = str(error.value)
    assert len(message.splitlines()) == 1
    return message.split(": ")[0].split(", "), message


def test_finite_figures_pass():
    for factor in (1, 1e30, 0, -1):
        logs = {name: tf.constant(factor * value) for name, value in FINITE.items()}
        stopper(SearchConfig()).on_train_batch_end(0, logs)
    stopper(ChildConfig()).on_train_batch_end(0, {"loss": 1.0, "accuracy": 0.5})


@pytest.mark.parametrize("loss", [NAN, INF])
def test_the_step_and_what_to_do_are_said(loss):
    _, message = blamed(ChildConfig(theta_learning_rate=3.0), loss=loss)
    assert "the loss of step 7 is no number" in message
    assert "accepted: smaller values, in another `model_dir`" in message


@pytest.mark.parametrize("config", [ChildConfig, ImageNetConfig])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"theta_learning_rate": 3.0}, ["`theta_learning_rate`=3.0"]),
        ({"theta_momentum": 0.95}, ["`theta_momentum`=0.95"]),
        ({"theta_weight_decay": 9.0}, ["`theta_weight_decay`=9.0"]),
        ({"auxiliary_weight": 99.0}, ["`auxiliary_weight`=99.0"]),
        (
            {"theta_learning_rate": 3.0, "theta_weight_decay": 9.0},
            ["`theta_learning_rate`=3.0", "`theta_weight_decay`=9.0"],
        ),
    ],
)
def test_without_alpha_the_settings_that_exceed_their_defaults_are_named(
    config, settings, expected
):
    assert blamed(config(**settings), loss=NAN)[0] == expected


def test_where_no_setting_exceeds_its_default_the_rate_is_named():
    for config in (ChildConfig(), SearchConfig(), SearchConfig(theta_learning_rate=0.01)):
        assert blamed(config, loss=NAN)[0] == ["`theta_learning_rate`"]


def test_the_published_rate_of_an_algorithm_is_its_default():
    published = SearchConfig(algorithm="darts")
    assert published.alpha_learning_rate == 3e-4
    assert blamed(published, loss=NAN)[0] == ["`theta_learning_rate`"]
    raised = dataclasses.replace(published, alpha_learning_rate=0.1)
    assert blamed(raised, loss=NAN)[0] == ["`alpha_learning_rate`=0.1"]


RAISED = SearchConfig(theta_learning_rate=3.0, alpha_learning_rate=0.1)


def test_where_the_penalty_is_finite_theta_is_to_blame():
    assert blamed(RAISED, loss=NAN, cross_entropy=NAN)[0] == ["`theta_learning_rate`=3.0"]


def test_where_the_gradient_alone_is_no_number_it_is_said():
    names, message = blamed(RAISED, penalty_share=NAN)
    assert names == ["`theta_learning_rate`=3.0"]
    assert "the gradient of step 7 is no number" in message


def test_where_the_penalty_is_no_number_alpha_and_the_penalty_are_to_blame():
    diverged = {"loss": NAN, "cross_entropy": NAN, "penalty": NAN, "penalty_share": NAN}
    assert blamed(RAISED, **diverged)[0] == ["`alpha_learning_rate`=0.1"]
    weighted = dataclasses.replace(RAISED, constraint_weight=1e38)
    names = ["`alpha_learning_rate`=0.1", "`constraint_weight`=1e+38"]
    assert blamed(weighted, **diverged)[0] == names


@pytest.mark.parametrize(
    ("settings", "logs"),
    [
        ({"theta_learning_rate": 3.0}, {"loss": NAN, "penalty": NAN}),
        ({"constraint_weight": 1e38}, {"penalty_share": NAN}),
        ({"target_parameters": 2e6}, {"loss": NAN}),
        ({"alpha_learning_rate": 1e30}, {"loss": NAN}),
    ],
)
def test_a_setting_that_alone_exceeds_its_default_is_to_blame(settings, logs):
    ((name, value),) = settings.items()
    assert blamed(SearchConfig(**settings), **logs)[0] == [f"`{name}`={value}"]


@pytest.mark.parametrize(
    "settings",
    [{"theta_learning_rate": 1e10}, {"alpha_learning_rate": 1e30}],
    ids=lambda settings: next(iter(settings)),
)
def test_a_search_that_diverges_blames_what_was_set_while_a_finite_checkpoint_is_left(settings):
    config = SearchConfig(3, 2, epochs=1, space=TINY.name, **settings)
    network_plan = TINY.plan_network(3, 2, (8, 8))
    network = ParentNetwork(network_plan, 4, (128.0,) * 3, (64.0,) * 3, skip_threshold=0)
    model = SearchModel(SNAS(network, config, num_steps=100, seed=0))
    callback = StopAtDivergence()
    callback.set_model(model)
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    batch = {"image": tf.constant(images), "label": tf.range(4)}
    step = tf.function(model.train_step, autograph=False)
    strategy = tf.distribute.get_strategy()
    ((name, value),) = settings.items()

    finite = []

    def train():
        for _ in range(10):
            callback.on_train_batch_end(0, model.training_means.add(strategy, step(batch)))
            # What would be saved: a figure is computed before its step's update.
            weights = [one.numpy() for one in model.trainable_variables]
            finite.append(all(np.isfinite(one).all() for one in weights))

    with pytest.raises(UserError, match=rf"^`{name}`={value}: ".replace("+", r"\+")):
        train()
    assert any(finite[-3:])
