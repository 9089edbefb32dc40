import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms.algorithm import LEARNING, TRAINING
from snas_tf.algorithms.credit import Credit
from tests.algorithms.small_models import (
    loss_gradients,
    make_algorithm,
    make_batch,
    make_divided_batch,
)
from tests.small_space import SMALL, TINY


def test_the_mean_weighs_every_draw_with_its_z():
    generator, credit = np.random.default_rng(0), Credit(SMALL)
    draws = generator.dirichlet(np.ones(4), size=(3, 2, 5))  # [draws, kinds, edges, operations]
    gradients = generator.normal(size=draws.shape)
    for z, gradient in zip(draws, gradients, strict=True):
        credit.add(*(by_kind(one.astype(np.float32)) for one in (z, gradient)))
    expected = (draws * -gradients).sum(axis=0) / draws.sum(axis=0)
    received = credit.mean()
    for kind, mean in by_kind(expected).items():
        np.testing.assert_allclose(received[kind], mean, rtol=1e-5)


def by_kind(values):
    return dict(zip(SMALL.kinds, values, strict=True))


def test_an_operation_that_never_ran_has_no_credit():
    credit = Credit(SMALL)
    z = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 3]]
    for _ in range(2):
        credit.add(*(dict.fromkeys(SMALL.kinds, scale * z) for scale in (1, -3)))
    for mean in credit.mean().values():
        np.testing.assert_array_equal(mean, np.where(z == 1, 3.0, np.nan))


def test_a_reset_forgets_all_draws():
    credit, ones = Credit(SMALL), by_kind(np.ones((2, 5, 4), np.float32))
    credit.add(ones, ones)
    credit.reset()
    assert all(np.isnan(mean).all() for mean in credit.mean().values())
    credit.add(ones, {kind: 2 * one for kind, one in ones.items()})
    np.testing.assert_array_equal(credit.mean()["reduce"], np.full((5, 4), -2.0))


@pytest.mark.parametrize("relaxation", ["concrete", "one_hot"])
@pytest.mark.parametrize("draws", [1, 2])
def test_a_step_of_snas_adds_the_credit_of_each_of_its_draws(relaxation, draws):
    settings = {"relaxation": relaxation, "constraint_weight": 3.0}
    snas = make_algorithm("snas", draws=draws, space=TINY, **settings)
    twin, batch = make_algorithm("snas", space=TINY, **settings), make_batch()
    expected = Mean()
    for number in range(draws):
        expected.add(twin, batch, twin.draw(TRAINING, number).z)
    snas.train_step(batch)
    expected.compare(snas)


@pytest.mark.parametrize("order", ["1", "single_level"])
def test_a_step_of_darts_adds_the_credit_on_the_images_that_alpha_learns_from(order):
    settings = {"darts_order": order}
    darts, twin = (make_algorithm("darts", space=TINY, **settings) for _ in range(2))
    batch, expected = make_divided_batch(), Mean()
    seen = batch if order == "single_level" else batch["held_out"]
    expected.add(twin, seen, twin.draw(LEARNING, 0).z)
    darts.train_step(batch)
    expected.compare(darts)


class Mean:
    """The mean credit of an algorithm's draws, by NumPy."""

    def __init__(self):
        self.credit = dict.fromkeys(TINY.kinds, 0)
        self.weight = dict.fromkeys(TINY.kinds, 0)

    def add(self, algorithm, batch, z):
        gradients, _ = loss_gradients(algorithm.network, batch, z, [])
        for kind in TINY.kinds:
            self.credit[kind] = self.credit[kind] - z[kind].numpy() * gradients[kind].numpy()
            self.weight[kind] = self.weight[kind] + z[kind].numpy()

    def compare(self, algorithm):
        received = algorithm.mean_credit()
        for kind in TINY.kinds:
            ran = self.weight[kind] > 0
            np.testing.assert_array_equal(np.isnan(received[kind]), ~ran)
            expected = self.credit[kind][ran] / self.weight[kind][ran]
            np.testing.assert_allclose(received[kind][ran], expected, atol=1e-5, rtol=1e-4)


def test_the_credit_of_a_step_predicts_how_its_loss_changes():
    """-dL/dZ, where the draw is moved a little along it."""
    snas, batch = make_algorithm("snas", space=TINY), make_batch()
    z = snas.draw(TRAINING, 0).z
    snas.train_step(batch)
    credit = snas.mean_credit()
    twin = make_algorithm("snas", space=TINY)

    def loss(length):
        moved = {kind: z[kind] + length * credit[kind].astype(np.float32) for kind in z}
        logits = twin.network(batch["image"], moved, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
        return float(tf.reduce_mean(losses))

    squared = sum((one**2).sum() for one in credit.values())
    length = 2e-3 / np.sqrt(squared)
    slope = (loss(length) - loss(-length)) / (2 * length)
    assert slope == pytest.approx(-squared, rel=0.05)
