import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms.algorithm import DERIVATION, LEARNING, TRAINING
from snas_tf.algorithms.enas import ENAS
from snas_tf.architecture import spaces
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.config import SearchConfig
from snas_tf.models.parent import ParentNetwork
from tests.algorithms.small_models import make_algorithm, make_batch, make_divided_batch
from tests.small_space import SMALL

TINY = spaces.register(
    SearchSpace("tiny_of_enas", ("none", "skip_connect", "max_pool_3x3"), num_intermediate=1)
)


def values(variables):
    return [variable.numpy() for variable in variables]


def is_same(before, after):
    return all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def last_gradient(enas):
    """The gradient of the controller's last update: Adam's mean, as its first decay rate is 0."""
    return values(enas.controller_optimizer._momentums)


def accuracy_of(enas, z, batch):
    logits = enas.network(batch["image"], z, training=False).numpy()
    return float((logits.argmax(axis=1) == batch["label"].numpy()).mean())


def test_each_half_of_a_step_moves_its_own_variables_alone():
    enas, batch = make_algorithm("enas"), make_divided_batch()
    enas.train_controller(batch["held_out"])
    enas.baseline.assign(0.9)  # The next reward differs from it.
    theta, controller = values(enas.network.variables), values(enas.controller.trainable_variables)
    enas.train_theta(batch)
    assert is_same(controller, values(enas.controller.trainable_variables))
    assert not any(np.array_equal(*pair) for pair in zip(theta, values(enas.theta), strict=False))
    theta = values(enas.network.variables)
    enas.train_controller(make_batch(seed=5))
    assert is_same(theta, values(enas.network.variables))
    assert not is_same(controller, values(enas.controller.trainable_variables))
    assert not {id(one) for one in enas.theta} & {id(one) for one in enas.controller.variables}


def test_the_gradient_is_that_of_log_p_times_reward_minus_baseline():
    enas, batch = make_algorithm("enas", controller_entropy_weight=0.1), make_batch()
    enas.train_controller(batch)
    enas.baseline.assign(0.4)
    weights = [one.value for one in enas.controller.trainable_variables]
    with tf.GradientTape() as tape:
        drawn = enas.draw(LEARNING, 0)
    gradients = tape.gradient(drawn.log_probability, weights)
    reward = accuracy_of(enas, drawn.z, batch) + 0.1 * float(drawn.entropy)
    before = values(enas.controller.trainable_variables)
    assert float(enas.train_controller(batch)) == pytest.approx(reward)
    for received, gradient in zip(last_gradient(enas), gradients, strict=True):
        np.testing.assert_allclose(received, -(reward - 0.4) * gradient, rtol=1e-4, atol=1e-8)
    # Adam's second step is at most sqrt(2) times its rate, 0.0035.
    for one, other in zip(before, values(enas.controller.trainable_variables), strict=True):
        assert 0 < np.abs(one - other).max() < 0.005
    assert enas.baseline.numpy() == pytest.approx(0.99 * 0.4 + 0.01 * reward)


def test_the_baseline_starts_with_the_first_reward_and_follows_the_others():
    enas = make_algorithm("enas", controller_baseline_decay=0.8, controller_learning_rate=0)
    rewards, expected = [], 0.0
    for seed in range(4):
        enas.step.assign(seed)
        rewards.append(float(enas.train_controller(make_batch(seed=seed))))
        expected = rewards[0] if seed == 0 else 0.8 * expected + 0.2 * rewards[-1]
        assert enas.baseline.numpy() == pytest.approx(expected)
        if seed == 0:
            assert not any(gradient.any() for gradient in last_gradient(enas))
    assert len(set(rewards)) > 1


def make_tiny(**settings):
    config = SearchConfig(
        3, 4, epochs=1, algorithm="enas", space=TINY.name, skip_threshold=0, **settings
    )
    keras.utils.set_random_seed(2)
    plan = TINY.plan_network(3, 4, (8, 8))
    network = ParentNetwork(plan, 4, np.full(3, 128.0), np.full(3, 64.0), skip_threshold=0)
    return ENAS(network, config, num_steps=10, seed=0)


def reward_all(enas, z, batch):
    """The accuracy of many children [children], each distinct one computed once."""
    children = np.stack([*z.values()], axis=1)  # [children, kinds, edges, operations]
    distinct, index = np.unique(children, axis=0, return_inverse=True)
    found = [accuracy_of(enas, dict(zip(z, one, strict=True)), batch) for one in distinct]
    return np.float32(found)[index.ravel()]


@pytest.mark.slow
def test_gradients_are_on_average_that_of_the_expected_reward():
    """The average is over all 64 sequences of decisions, with their probabilities."""
    enas = make_tiny(controller_learning_rate=0, controller_entropy_weight=0)
    batch = make_batch(40)
    weights = [one.value for one in enas.controller.trainable_variables]
    with tf.GradientTape() as tape:
        sample = enas.controller(tf.constant([1, 1], tf.int64), samples=4000)
        _, first = np.unique(sample.decisions.numpy(), axis=0, return_index=True)
        probabilities = tf.exp(tf.gather(sample.log_probability, first))
        z = {kind: one.numpy()[first] for kind, one in sample.z.items()}
        rewards = reward_all(enas, z, batch)
        expected = tf.reduce_sum(probabilities * rewards)
    exact = tape.gradient(expected, weights)
    assert len(first) == 64
    assert len(set(rewards)) > 3

    @tf.function(autograph=False)
    def step():
        sample = enas.controller(enas.make_draw_seed(LEARNING, 0))
        enas.train_controller(batch)
        return sample.decisions[0], sample.log_probability[0]

    step()
    found = {}
    for number in range(2000):
        enas.step.assign(number)
        enas.baseline.assign(0.3)
        decisions, log_probability = step()
        key = decisions.numpy().tobytes()
        if key not in found:
            found[key] = [float(np.exp(log_probability)) * one for one in last_gradient(enas)]
        if len(found) == 64:
            break
    assert len(found) == 64
    for received, gradient in zip(zip(*found.values(), strict=True), exact, strict=True):
        np.testing.assert_allclose(sum(received), -gradient, rtol=1e-3, atol=1e-7)


def test_a_step_measures_the_reward_and_trains_theta_on_the_child_that_is_drawn():
    enas, twin = make_algorithm("enas"), make_algorithm("enas")
    batch = make_divided_batch()
    logits = twin.network(batch["image"], twin.draw(TRAINING, 0).z, training=True)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
    sums = enas.train_step(batch)
    assert set(sums) == {*ENAS.measures, "examples"}
    assert float(sums["loss"]) == pytest.approx(float(tf.reduce_sum(losses)), rel=1e-5)
    assert 0 <= float(sums["reward"] / sums["examples"]) <= 1.01
    assert enas.step.numpy() == enas.controller_optimizer.iterations.numpy() == 1


def test_probabilities_and_entropy_are_those_of_samples():
    enas = make_algorithm("enas")
    for one in enas.probabilities().values():
        np.testing.assert_allclose(tf.reduce_sum(one, axis=1), 1, rtol=1e-5)
        # The first node has both inputs; the second has two of three.
        np.testing.assert_allclose(one[:2, SMALL.zero], 0, atol=1e-6)
        assert float(tf.reduce_sum(one[2:, SMALL.zero])) == pytest.approx(1, rel=1e-5)
    report = enas.report()
    decided = 2 * (np.log(2) + np.log(3) + np.log(2) + 4 * np.log(3))  # if all were equal
    assert 0.9 * decided < float(report["controller_entropy"]) < decided
    assert float(report["controller_learning_rate"]) == pytest.approx(0.0035)
    assert report["baseline"] is enas.baseline


def test_the_best_of_the_samples_is_derived():
    enas, judged = make_algorithm("enas"), []

    def judge(genotype):
        judged.append(genotype)
        return len(judged) % 7

    assert enas.derive(judge) == judged[5]
    assert len(judged) == 10
    for kind, z in enas.draw(DERIVATION, 5).z.items():
        np.testing.assert_array_equal(judged[5].one_hot()[kind], z)
        assert len(judged[5].cell(kind).edges) == 4
