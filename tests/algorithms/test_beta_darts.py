import numpy as np
import pytest
import scipy.special

from tests.algorithms.small_models import alpha_gradient, make_algorithm, make_divided_batch
from tests.slow import slow
from tests.small_space import TINY

PLAIN = {"alpha_weight_decay": 0.0, "alpha_clip_norm": 0.0}


def make(name, step=0):
    algorithm = make_algorithm(name, num_steps=20, space=TINY, **PLAIN)
    generator = np.random.default_rng(5)
    algorithm.distribution.assign({kind: generator.normal(size=TINY.shape) for kind in TINY.kinds})
    algorithm.step.assign(step)
    return algorithm


@pytest.mark.parametrize(
    ("step", "weight"),
    [(0, 0.0), slow(5, 12.5), (10, 25.0), (19, 47.5)],
)
def test_alpha_has_the_gradient_of_darts_and_of_the_beta_decay(step, weight):
    """The decay's by differences of weight x mean over the edges of logsumexp(log alpha)."""
    batch, darts = make_divided_batch(), make("darts", step)
    log_alpha = darts.distribution.log_alpha()
    plain = alpha_gradient(darts, batch)
    received = alpha_gradient(make("beta_darts", step), batch)
    for kind, one, of_loss in zip(TINY.kinds, received, plain, strict=True):
        expected = of_loss + differences(log_alpha[kind].astype(float), weight)
        np.testing.assert_allclose(one, expected, atol=1e-5)


def differences(log_alpha, weight, step=1e-5):
    gradient = np.zeros_like(log_alpha)
    for place in np.ndindex(log_alpha.shape):
        ends = [log_alpha.copy() for _ in range(2)]
        ends[0][place] += step
        ends[1][place] -= step
        terms = [weight * scipy.special.logsumexp(end, axis=1).mean() for end in ends]
        gradient[place] = (terms[0] - terms[1]) / (2 * step)
    return gradient


def test_the_decay_brings_a_decided_softmax_back():
    """Alone, without a loss, the largest log alpha of an edge falls fastest."""
    algorithm = make("beta_darts", step=19)
    decay = differences(algorithm.distribution.log_alpha()["normal"].astype(float), 47.5)
    largest = algorithm.distribution.log_alpha()["normal"].argmax(axis=1)
    assert (decay.argmax(axis=1) == largest).all()


def test_theta_is_trained_as_by_darts():
    batch, results = make_divided_batch(), []
    for name in ("darts", "beta_darts"):
        algorithm = make(name, step=0)  # where the decay has no weight yet
        algorithm.train_step(batch)
        results.append([one.numpy() for one in algorithm.theta])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)
