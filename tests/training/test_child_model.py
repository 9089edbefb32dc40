import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import ChildConfig
from snas_tf.models.child import ChildNetwork
from snas_tf.training.child_model import ChildModel

NORMAL = CellGenotype((Edge(0, 2, "sep_conv_3x3"), Edge(1, 2, "skip_connect")), concat=(2,))
REDUCE = CellGenotype((Edge(0, 2, "sep_conv_3x3"),), concat=(2,))
GENOTYPE = Genotype((NORMAL, REDUCE))
"""The last cell, a reduction, doesn't read the cell before it."""
BATCH = 12


def make(auxiliary=True, eagerly=False, **settings):
    keras.utils.set_random_seed(0)
    network_plan = DARTS.plan_network(3, 4, (8, 8), GENOTYPE.output_nodes)
    network = ChildNetwork(GENOTYPE, network_plan, 3, (128,) * 3, (64,) * 3, auxiliary=auxiliary)
    config = ChildConfig(3, 4, epochs=4, **settings)
    model = ChildModel(network, config, epoch_steps=10, seed=3)
    if eagerly:  # A few steps take less time than their trace.
        model.compile(optimizer=model.theta_optimizer, run_eagerly=True)
    return model


def batches(seed=0):
    """Images whose class is their brightness."""
    labels = np.arange(BATCH) % 3
    noise = np.random.default_rng(seed).integers(0, 60, (BATCH, 8, 8, 3))
    batch = {
        "image": (noise + 70 * labels[:, None, None, None]).astype(np.uint8),
        "label": labels.astype(np.int64),
        "index": np.arange(BATCH),
        "weight": np.ones(BATCH, np.float32),
    }
    return tf.data.Dataset.from_tensors(batch).repeat()


def fit(model, steps):
    history = model.fit(batches(), steps_per_epoch=steps, verbose=0, shuffle=False)
    return {name: values[-1] for name, values in history.history.items()}


def test_training_learns():
    model = make(theta_learning_rate=0.1, drop_path_probability=0.1)
    first = fit(model, 5)["cross_entropy"]
    fit(model, 30)
    assert fit(model, 5)["cross_entropy"] < first / 2
    assert model.step.numpy() == 40


@pytest.mark.parametrize("weight", [0.4, 2.0])
def test_the_auxiliary_loss_is_added_with_its_weight(weight):
    settings = {"drop_path_probability": 0.0, "theta_learning_rate": 0.0}
    model = make(eagerly=True, auxiliary_weight=weight, **settings)
    batch = next(iter(batches()))
    logits = model.network.training_logits(batch["image"], tf.constant(0.0), tf.constant([0, 0]))
    losses = {
        name: np.mean(tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], one))
        for name, one in logits.items()
    }
    logs = fit(model, 1)
    assert logs["cross_entropy"] == pytest.approx(losses["logits"], rel=1e-5)
    expected = losses["logits"] + weight * losses["auxiliary"]
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)


def test_without_an_auxiliary_classifier_the_loss_is_the_cross_entropy():
    logs = fit(make(auxiliary=False, eagerly=True), 2)
    assert logs["loss"] == pytest.approx(logs["cross_entropy"], rel=1e-6)


def test_the_drop_probability_rises_linearly_with_the_step():
    model = make(drop_path_probability=0.2)
    for step, expected in [(0, 0.0), (10, 0.05), (40, 0.2), (50, 0.2)]:
        model.theta_optimizer.iterations.assign(step)
        assert model.drop_probability().numpy() == pytest.approx(expected)


def test_weights_that_no_edge_uses_only_decay():
    settings = {"theta_learning_rate": 0.1, "theta_momentum": 0.0, "theta_weight_decay": 0.5}
    model = make(eagerly=True, **settings)
    unused = model.network.cells[2].preprocess[1].stacks["kernel"]
    before = unused.numpy()
    fit(model, 1)
    np.testing.assert_allclose(unused.numpy(), before * (1 - 0.1 * 0.5), rtol=1e-5)


def test_the_weights_of_the_network_are_the_first_of_the_state():
    model = make()
    state = model.state()
    assert all(one is other for one, other in zip(model.network.variables, state, strict=False))
    assert len({id(one) for one in state}) == len(state)


def test_padding_examples_do_not_count():
    model = make()
    batch = next(iter(batches()))
    logits = model.network(batch["image"])
    right = np.argmax(logits, axis=1) == batch["label"].numpy()
    weight = np.arange(BATCH) < 5
    padded = tf.data.Dataset.from_tensors({**batch, "weight": weight.astype(np.float32)})
    assert model.measure(padded)["accuracy"] == pytest.approx(right[weight].mean())
    assert model.test_errors(padded) == {"test_error": pytest.approx(1 - right[weight].mean())}


def test_without_test_images_there_is_no_error():
    assert make().test_errors(None) == {"test_error": None}


def test_the_sums_of_the_epoch_so_far_are_in_the_state():
    model = make()
    assert id(model.training_means.totals) in {id(one) for one in model.state()}


def test_a_step_that_runs_eagerly_can_be_looked_into(monkeypatch):
    traced, model, seen = make(), make(eagerly=True), []
    measure = model.measure_logits

    def look(labels, logits):
        seen.append(logits.numpy())
        return measure(labels, logits)

    monkeypatch.setattr(model, "measure_logits", look)
    eager = fit(model, 2)
    assert [one.shape for one in seen] == [(BATCH, 3)] * 2
    assert eager == pytest.approx(fit(traced, 2), rel=1e-3)
