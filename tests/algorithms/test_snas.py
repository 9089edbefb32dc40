import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.algorithms.search_model import SearchModel
from snas_tf.architecture import child_size
from snas_tf.architecture.spaces import DARTS
from snas_tf.training import optimizers
from tests.algorithms.small_models import (
    CONFIG,
    alpha_gradient,
    divide_sums,
    make_algorithm,
    make_batch,
    make_snas,
    theta_gradient,
)
from tests.slow import slow
from tests.small_space import SMALL


@pytest.fixture(scope="module")
def snas():
    return make_snas()


def estimate_penalty(snas, purpose=0, number=0):
    draw = snas.draw(purpose, number)
    return snas.penalty.estimate(snas.distribution.edges, draw.noise, draw.temperature)


def test_theta_and_alpha_are_disjoint_and_together_all_that_is_trained(snas):
    theta, alpha = ({id(one) for one in part} for part in (snas.theta, snas.alpha))
    assert not theta & alpha
    assert theta | alpha == {id(one) for one in snas.trainable_variables}
    assert [one.shape for one in snas.alpha] == [(14, 8), (14, 8)]


def test_both_kinds_start_from_another_log_alpha_at_every_seed():
    starts = [
        one.tobytes()
        for seed in range(3)
        for one in make_snas(seed=seed, space=SMALL).distribution.log_alpha().values()
    ]
    assert len(set(starts)) == len(starts) == 6


def test_draws_depend_on_seed_step_kind_and_stream_alone(snas):
    first, again = snas.draw(0, 0).z, snas.draw(0, 0).z
    np.testing.assert_array_equal(first["normal"], again["normal"])
    assert not np.allclose(first["normal"], first["reduce"])
    assert not np.allclose(first["normal"], snas.draw(0, 1).z["normal"])
    assert not np.allclose(first["normal"], snas.draw(1, 0).z["normal"])
    snas.step.assign(1)
    assert not np.allclose(first["normal"], snas.draw(0, 0).z["normal"])
    snas.step.assign(0)


def test_the_temperature_falls_over_the_run(snas):
    curve = []
    for step in (0, 5, 10):
        snas.step.assign(step)
        curve.append(float(snas.temperature()))
    snas.step.assign(0)
    np.testing.assert_allclose(curve, [1.0, 0.515, 0.03], rtol=1e-5)


def test_the_penalty_is_the_expected_normalized_cost_of_sampled_children(snas):
    probabilities = {
        kind: snas.distribution.edges[kind].probabilities().numpy() for kind in DARTS.kinds
    }
    generator, costs = np.random.default_rng(0), []
    for _ in range(4000):
        costs.append(
            sum(
                snas.penalty.scale.costs[kind][edge, generator.choice(8, p=row / row.sum())]
                for kind in DARTS.kinds
                for edge, row in enumerate(probabilities[kind])
            )
        )
    assert float(estimate_penalty(snas)) == pytest.approx(0.5 * np.mean(costs), rel=0.01)


def test_a_step_moves_theta_and_alpha_once_each():
    snas = make_snas(space=SMALL)
    before = [variable.numpy() for variable in (*snas.theta, *snas.alpha)]
    means = divide_sums(snas.train_step(make_batch()))
    assert set(means) == {"loss", "cross_entropy", "penalty", "penalty_share", "accuracy"}
    assert means["loss"] == pytest.approx(means["cross_entropy"] + means["penalty"], rel=1e-5)
    for variable, value in zip((*snas.theta, *snas.alpha), before, strict=True):
        assert not np.array_equal(variable, value)
    assert snas.theta_optimizer.iterations.numpy() == snas.alpha_optimizer.iterations.numpy() == 1
    # Adam's first step is its rate, whatever the gradient, where its epsilon is small beside it.
    moved = np.abs(snas.alpha[0].numpy() - before[-2]) / (3 / np.sqrt(10))
    assert moved.max() < 1.02
    assert np.mean(moved > 0.98) > 0.95


def test_weight_decay_and_clipping_of_theta_do_not_touch_alpha():
    results = []
    for clip, decay in ((0.0, 0.0), (1e-3, 0.5)):
        snas = make_snas(
            dataclasses.replace(CONFIG, theta_clip_norm=clip, theta_weight_decay=decay),
            space=SMALL,
        )
        snas.train_step(make_batch())
        results.append(snas.distribution.log_alpha()["normal"])
    np.testing.assert_array_equal(*results)


def test_the_penalty_pulls_towards_the_zero_operation():
    snas = make_snas(
        dataclasses.replace(CONFIG, constraint_weight=1e4, alpha_learning_rate=0.05), num_steps=50
    )
    for _ in range(20):
        with tf.GradientTape() as tape:
            penalty = estimate_penalty(snas)
        gradients = tape.gradient(penalty, [one.value for one in snas.alpha])
        optimizers.apply_across_replicas(snas.alpha_optimizer, gradients, snas.alpha, 10.0, 0.0)
    for kind in DARTS.kinds:
        assert (snas.distribution.log_alpha()[kind].argmax(axis=1) == 0).all()


@pytest.mark.parametrize("estimator", ["expectation", "reparameterization", "policy_gradient"])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_every_estimator_and_scale_has_a_gradient_in_all_of_alpha(estimator, scale):
    config = dataclasses.replace(CONFIG, penalty_estimator=estimator, penalty_scale=scale)
    snas = make_snas(config)
    alpha = [one.value for one in snas.alpha]
    with tf.GradientTape() as tape:
        penalty = estimate_penalty(snas, 0, 0)
    for gradient in tape.gradient(penalty, alpha):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).sum(axis=1).min() > 0
    assert float(penalty) == float(estimate_penalty(snas, 0, 0)) > 0


def test_with_one_hot_draws_alpha_has_the_policy_gradient_of_the_networks_own_credit():
    """Eq. 7, with dL/dx_j . O_ij(x_i) of Eq. 8 read off the gradient of the draw itself."""
    snas = make_snas(dataclasses.replace(CONFIG, relaxation="one_hot"))
    with tf.GradientTape() as tape:
        z = snas.draw(0, 0).z
        logits = snas.network(make_batch()["image"], z, training=True)
        loss = tf.reduce_mean(logits**2)
    gradients = tape.gradient(loss, {"z": z, "alpha": [one.value for one in snas.alpha]})
    for kind, gradient in zip(DARTS.kinds, gradients["alpha"], strict=True):
        drawn = z[kind].numpy()
        assert set(drawn.ravel()) == {0, 1}
        cost = (gradients["z"][kind].numpy() * drawn).sum(axis=1, keepdims=True)
        assert np.count_nonzero(cost) > 7
        score = drawn - snas.distribution.edges[kind].probabilities().numpy()
        np.testing.assert_allclose(gradient, cost * score, atol=1e-6)


def test_a_sampled_penalty_is_the_cost_of_the_draw_that_the_network_sees():
    snas = make_snas(dataclasses.replace(CONFIG, penalty_estimator="reparameterization"))
    snas.step.assign(4)
    z = snas.draw(0, 1).z
    cost = sum(np.sum(z[kind] * snas.penalty.scale.costs[kind]) for kind in DARTS.kinds)
    assert float(estimate_penalty(snas, 0, 1)) == pytest.approx(0.5 * cost, rel=1e-5)
    assert float(estimate_penalty(snas, 0, 0)) != float(estimate_penalty(snas, 0, 1))


def test_the_share_is_that_of_the_penalty_in_the_norms_of_alphas_gradient():
    snas = make_snas(space=SMALL)
    alpha = [one.value for one in snas.alpha]
    with tf.GradientTape(persistent=True) as tape:
        penalty = estimate_penalty(snas)
        logits = snas.network(make_batch()["image"], snas.draw(0, 0).z, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(make_batch()["label"], logits)
        loss = tf.reduce_mean(losses)
    norms = [np.linalg.norm(np.concatenate(tape.gradient(part, alpha))) for part in (penalty, loss)]
    share = divide_sums(snas.train_step(make_batch()))["penalty_share"]
    assert share == pytest.approx(norms[0] / sum(norms), rel=1e-3)


def test_the_multiplier_of_a_target_is_in_the_state_and_moves_with_each_step():
    snas = make_snas(dataclasses.replace(CONFIG, constraint_weight=0, target_parameters=2e6))
    assert id(snas.penalty.weight.multiplier) in {
        id(variable) for variable in SearchModel(snas).state()
    }
    assert id(snas.penalty.weight.multiplier) not in {
        id(variable) for variable in snas.trainable_variables
    }
    expected = (
        20 * float(snas.report()["penalty_weight"]) / 10 / 10
    )  # 10 steps; at m = 0 the weight is 10 u
    snas.train_step(make_batch())
    assert float(snas.penalty.weight.multiplier.value) == pytest.approx(expected, rel=1e-4)


def test_a_search_with_a_target_settles_within_five_percent_of_it():
    """The first edge hesitates between two sizes, and is on the wrong side at the end."""
    size = child_size.evaluation_size("parameters")

    def parameters(log_alpha):
        found = ((one.argmax(axis=1), size.edges[kind]) for kind, one in log_alpha.items())
        return size.fixed + sum(sizes[range(14), chosen].sum() for chosen, sizes in found)

    wanted = {kind: 9 * np.eye(8, dtype=np.float32)[[6] * 4 + [1] * 10] for kind in DARTS.kinds}
    snas = make_snas(
        dataclasses.replace(CONFIG, constraint_weight=0, target_parameters=parameters(wanted))
    )
    for kind in DARTS.kinds:
        snas.distribution.edges[kind].log_alpha.assign(wanted[kind])
    hesitant = wanted["normal"].copy()
    hesitant[0, 1] = 9.1
    snas.distribution.edges["normal"].log_alpha.assign(hesitant)
    assert parameters(snas.distribution.log_alpha()) < 0.95 * parameters(wanted)
    assert snas.finish() == 1
    assert parameters(snas.distribution.log_alpha()) == parameters(wanted)
    assert snas.finish() == 0


def test_a_search_with_a_weight_settles_as_it_is(snas):
    before = snas.distribution.log_alpha()
    assert snas.finish() == 0
    for kind in DARTS.kinds:
        np.testing.assert_array_equal(snas.distribution.log_alpha()[kind], before[kind])


# Several draws a step.

PLAIN = {"theta_clip_norm": 0.0, "alpha_clip_norm": 0.0, "alpha_weight_decay": 0.0}


def one_draw(number, settings):
    """Gradients of a step whose only draw is that of a number."""
    snas, batch = make_algorithm("snas", **PLAIN, **settings), make_batch()
    draw = snas.draw
    snas.draw = lambda purpose, _: draw(purpose, number)
    of_alpha = alpha_gradient(snas, batch)
    return [*theta_gradient(snas), *of_alpha]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        slow({"relaxation": "one_hot", "constraint_weight": 2.0}),
        {"constraint_weight": 2.0, "penalty_estimator": "reparameterization"},
    ],
)
def test_the_gradient_of_several_draws_is_the_mean_of_those_of_each(settings):
    several = make_algorithm("snas", draws=2, **PLAIN, **settings)
    of_alpha = alpha_gradient(several, make_batch())
    received = [*theta_gradient(several), *of_alpha]
    singles = [one_draw(number, settings) for number in range(2)]
    for one, *others in zip(received, *singles, strict=True):
        np.testing.assert_allclose(one, np.mean(others, axis=0), atol=2e-6)
        assert np.abs(others[0] - others[1]).max() > 1e-6


def test_the_loss_of_several_draws_is_the_mean_of_their_losses():
    settings = {"constraint_weight": 2.0, "penalty_estimator": "reparameterization"}
    measured = make_algorithm("snas", draws=2, **settings).train_step(make_batch())
    singles = []
    for number in range(2):
        snas = make_algorithm("snas", **settings)
        draw = snas.draw
        snas.draw = lambda purpose, _, draw=draw, number=number: draw(purpose, number)
        singles.append(divide_sums(snas.train_step(make_batch())))
    means = divide_sums(measured)
    for name in ("loss", "cross_entropy", "accuracy", "penalty"):
        expected = np.mean([one[name] for one in singles])
        assert means[name] == pytest.approx(expected, rel=1e-5), name
    assert singles[0]["loss"] != singles[1]["loss"]


def test_a_step_with_several_draws_runs_in_a_graph_as_it_does_eagerly():
    eager, traced = (make_algorithm("snas", draws=2) for _ in range(2))
    eager.train_step(make_batch())
    tf.function(traced.train_step, autograph=False)(make_batch())
    for one, other in zip(eager.theta, traced.theta, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
