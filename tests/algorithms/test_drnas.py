import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from snas_tf.algorithms.algorithm import EVALUATION, LEARNING, TRAINING
from snas_tf.architecture.genotype import derive_strongest
from tests.algorithms.small_models import (
    alpha_gradient,
    loss_gradients,
    make_algorithm,
    make_divided_batch,
)
from tests.small_space import TINY

PLAIN = {"alpha_weight_decay": 0.0, "alpha_clip_norm": 0.0}


def make(values=None, **settings):
    drnas = make_algorithm("drnas", space=TINY, **{**PLAIN, **settings})
    if values is not None:
        log_alpha = np.broadcast_to(np.float32(values), TINY.shape)
        drnas.distribution.assign(dict.fromkeys(TINY.kinds, log_alpha))
    return drnas


def concentrations(log_alpha):
    """ELU + 1."""
    return np.where(log_alpha > 0, log_alpha + 1, np.exp(log_alpha))


def test_the_search_starts_at_its_anchor_the_uniform_distribution():
    for log_alpha in make().distribution.log_alpha().values():
        assert abs(log_alpha.mean()) < 1e-6
        assert 0 < np.abs(log_alpha).max() < 0.05


def test_draws_have_the_dirichlet_distribution():
    values = [-2.0, 0.5, 3.0]
    drnas, drawn = make(values), []
    for number in range(400):
        z = drnas.draw(EVALUATION, number).z
        drawn += [z[kind].numpy() for kind in TINY.kinds]
    drawn = np.concatenate(drawn)
    np.testing.assert_allclose(drawn.sum(axis=1), 1, rtol=1e-5)
    parameters = concentrations(np.array(values))
    for column, one in enumerate(parameters):
        marginal = scipy.stats.beta(one, parameters.sum() - one)
        assert scipy.stats.kstest(drawn[:, column], marginal.cdf).pvalue > 1e-3
    for kind in TINY.kinds:
        mean = drnas.probabilities()[kind][0]
        np.testing.assert_allclose(mean, parameters / parameters.sum(), rtol=1e-5)


def test_a_draw_is_that_of_its_purpose_number_kind_and_step():
    drnas = make()
    draws = [drnas.draw(*one).z["normal"].numpy() for one in ((TRAINING, 0), (TRAINING, 1))]
    draws += [drnas.draw(LEARNING, 0).z[kind].numpy() for kind in TINY.kinds]
    drnas.step.assign(1)
    draws.append(drnas.draw(TRAINING, 0).z["normal"].numpy())
    assert len({one.tobytes() for one in draws}) == len(draws)
    np.testing.assert_array_equal(draws[-1], drnas.draw(TRAINING, 0).z["normal"])


def test_alpha_has_the_gradient_through_the_draw_on_the_images_held_out():
    """The derivative of a gamma variable at a fixed quantile, by differences of the quantile."""
    values, batch = [-1.0, 0.5, 2.0], make_divided_batch()
    drnas, twin = make(values), make(values)
    gammas, z = {}, {}
    for index, kind in enumerate(TINY.kinds):
        seed = twin.make_seed(LEARNING, 0, 0)
        seed = tf.random.experimental.stateless_fold_in(seed, index)
        parameters = concentrations(np.full(TINY.shape, values)).astype(np.float32)
        gammas[kind] = tf.random.stateless_gamma(TINY.shape, seed, parameters).numpy()
        z[kind] = gammas[kind] / gammas[kind].sum(axis=1, keepdims=True)
    of_z, _ = loss_gradients(twin.network, batch["held_out"], z, [])
    received = alpha_gradient(drnas, batch)
    for kind, one in zip(TINY.kinds, received, strict=True):
        expected = through_draw(np.array(values), gammas[kind].astype(float), of_z[kind].numpy())
        np.testing.assert_allclose(one, expected, atol=1e-3 * np.abs(expected).max())


def through_draw(log_alpha, gamma, gradient):
    total = gamma.sum(axis=1, keepdims=True)
    of_gamma = (gradient - (gradient * gamma / total).sum(axis=1, keepdims=True)) / total
    parameters, step = concentrations(log_alpha), 1e-5
    quantile = scipy.special.gammainc(parameters, gamma)
    ahead, back = (
        scipy.special.gammaincinv(parameters + sign * step, quantile) for sign in (1, -1)
    )
    of_elu = np.where(log_alpha > 0, 1, np.exp(log_alpha))
    return of_gamma * (ahead - back) / (2 * step) * of_elu


def test_extreme_parameters_leave_draws_and_gradients_finite():
    drnas = make([-30.0, -30.0, -30.0])
    alpha = [one.value for one in drnas.alpha]
    with tf.GradientTape() as tape:
        z = drnas.draw(TRAINING, 0).z
        first = tf.add_n([tf.reduce_sum(one[:, 0]) for one in z.values()])
    for one in (*z.values(), *tape.gradient(first, alpha)):
        assert np.isfinite(one).all()


def test_the_regularizer_pulls_log_alpha_to_the_anchor():
    batch, values = make_divided_batch(), [-1.0, 0.5, 2.0]
    pairs = zip(
        alpha_gradient(make(values), batch),
        alpha_gradient(make(values, alpha_weight_decay=0.5), batch),
        strict=True,
    )
    for plain, decayed in pairs:
        expected = np.broadcast_to(0.5 * np.array(values), TINY.shape)
        np.testing.assert_allclose(decayed - plain, expected, atol=1e-6)
    assert make_algorithm("drnas").config.alpha_weight_decay == 1e-3


def test_cells_are_derived_from_the_softmax_as_published():
    drnas = make()
    generator = np.random.default_rng(3)
    drnas.distribution.assign({kind: 3 * generator.normal(size=TINY.shape) for kind in TINY.kinds})
    scores = {kind: np.exp(one) for kind, one in drnas.distribution.log_alpha().items()}
    softmax = {kind: one / one.sum(axis=1, keepdims=True) for kind, one in scores.items()}
    assert drnas.derive(pytest.fail) == derive_strongest(softmax, TINY)
