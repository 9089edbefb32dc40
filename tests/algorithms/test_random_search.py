import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms.algorithm import DERIVATION, TRAINING
from snas_tf.algorithms.search_model import SearchModel
from snas_tf.architecture.genotype import CellGenotype, Genotype, derive
from tests.algorithms.small_models import make_algorithm, make_batch, make_divided_batch
from tests.small_space import SMALL


@pytest.fixture(scope="module")
def searched():
    return make_algorithm("random", derivation_samples=6)


def test_every_operation_of_every_edge_is_drawn_alike(searched):
    count = 400
    draws = [searched.draw(TRAINING, number).z for number in range(count)]
    for kind in SMALL.kinds:
        z = np.array([draw[kind] for draw in draws])
        np.testing.assert_array_equal(z.sum(axis=2), 1)
        deviation = np.sqrt(0.25 * 0.75 / count)
        np.testing.assert_allclose(z.mean(axis=0), 0.25, atol=4 * deviation)
        np.testing.assert_array_equal(searched.probabilities()[kind], np.full(SMALL.shape, 0.25))


def test_a_draw_depends_on_purpose_number_step_and_kind_alone(searched):
    def draw(purpose=TRAINING, number=0, step=0, kind="normal"):
        searched.step.assign(step)
        z = [searched.draw(purpose, 4 * number + one).z[kind].numpy() for one in range(4)]
        searched.step.assign(0)
        return np.stack(z).tobytes()

    others = [draw(DERIVATION), draw(number=1), draw(step=1), draw(kind="reduce")]
    assert draw() == draw()
    assert len({draw(), *others}) == 5


def test_a_step_moves_theta_along_the_gradient_of_the_child_that_is_drawn():
    settings = {"theta_clip_norm": 0, "theta_weight_decay": 0.1, "theta_learning_rate": 0.5}
    searched, twin = (make_algorithm("random", **settings) for _ in range(2))
    batch, theta = make_divided_batch(), [one.value for one in twin.theta]
    with tf.GradientTape() as tape:
        logits = twin.network(batch["image"], twin.draw(TRAINING, 0).z, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, theta)
    sums = searched.train_step(batch)
    assert float(sums["loss"] / sums["examples"]) == pytest.approx(float(loss), rel=1e-5)
    for one, before, gradient in zip(searched.theta, theta, gradients, strict=True):
        expected = before - 0.5 * (gradient + 0.1 * before)
        np.testing.assert_allclose(one, expected, atol=2e-6)


def test_images_held_out_do_not_move_theta():
    searched, twin = make_algorithm("random"), make_algorithm("random")
    searched.train_step(make_divided_batch())
    twin.train_step({**make_batch(), "held_out": make_batch(seed=7)})
    for one, other in zip(searched.theta, twin.theta, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_best_child_that_is_judged_is_derived(searched):
    judged = []

    def judge(genotype):
        judged.append(genotype)
        return [0.1, 0.7, 0.3, 0.7, 0.2, 0.0][len(judged) - 1]

    assert searched.derive(judge) == judged[1]
    assert len(set(judged)) == 6
    z = searched.draw(DERIVATION, 1).z
    assert judged[1] == derive({kind: one.numpy() for kind, one in z.items()}, SMALL)


def test_children_depend_on_the_step(searched):
    first = searched.derive(lambda _: 0.0)
    assert searched.derive(lambda _: 0.0) == first
    searched.step.assign(1)
    assert searched.derive(lambda _: 0.0) != first
    searched.step.assign(0)


def test_a_child_whose_edges_are_all_zero_is_judged_to_guess_one_class(searched):
    images = make_batch(8)
    model = SearchModel(searched, tf.data.Dataset.from_tensors(images))
    nothing = Genotype(tuple(CellGenotype((), (2, 3), SMALL) for _ in SMALL.kinds))
    guesses = model.network(images["image"], nothing.one_hot()).numpy().argmax(axis=1)
    assert len(set(guesses)) == 1
    assert model._judge(nothing) == pytest.approx((images["label"].numpy() == guesses).mean())
