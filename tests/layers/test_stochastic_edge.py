import itertools

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.layers.stochastic_edge import StochasticEdge, gumbel, with_credit

SEED = tf.constant([3, 4])


def make_edges(log_alpha, relaxation="concrete"):
    edges = StochasticEdge(*log_alpha.shape, relaxation=relaxation)
    edges.log_alpha.assign(log_alpha)
    return edges


def test_noise_is_a_pure_function_of_the_seed():
    first, again = gumbel((4, 5), SEED), gumbel((4, 5), SEED)
    other = gumbel((4, 5), tf.constant([3, 5]))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_noise_is_standard_gumbel_and_always_finite():
    noise = gumbel((4_000_000,), SEED).numpy()
    assert np.isfinite(noise).all()
    assert noise.mean() == pytest.approx(0.57722, abs=0.005)  # the Euler-Mascheroni constant
    assert noise.var() == pytest.approx(np.pi**2 / 6, abs=0.01)


def test_a_draw_is_equation_5():
    log_alpha = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    temperature = 0.7
    logits = (log_alpha + gumbel((3, 8), SEED).numpy()) / temperature
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = make_edges(log_alpha)(tf.constant(temperature), seed=SEED)
    np.testing.assert_allclose(drawn, expected, rtol=1e-5)


def test_cold_draws_are_one_hot_with_the_categorical_probabilities():
    log_alpha = np.array([2.0, 0.0, 1.0, -1.0], np.float32)
    draws = 200_000
    edges = make_edges(np.tile(log_alpha, (draws, 1)))
    z = edges(tf.constant(1e-3), seed=SEED).numpy()
    # Two candidates within a few lambda of each other share a draw: about 2 lambda of all draws.
    assert (z.max(axis=1) > 0.99).mean() > 0.99
    probabilities = np.exp(log_alpha) / np.exp(log_alpha).sum()
    deviation = np.sqrt(probabilities * (1 - probabilities) / draws)
    frequencies = np.eye(4)[z.argmax(axis=1)].mean(axis=0)
    np.testing.assert_array_less(np.abs(frequencies - probabilities), 4 * deviation)
    np.testing.assert_allclose(z.mean(axis=0), probabilities, atol=0.005)


def test_autodiff_through_a_draw_is_equation_26():
    """An edge with 8 arbitrary operations and an arbitrary loss above it."""
    generator = np.random.default_rng(1)
    edges = make_edges(generator.normal(size=(1, 8)).astype(np.float32))
    outputs = tf.constant(generator.normal(size=(8, 6)).astype(np.float32))  # O_ij^k(x_i)
    temperature = 0.6
    with tf.GradientTape() as tape:
        z = edges(tf.constant(temperature), seed=SEED)
        x_j = tf.linalg.matvec(outputs, z[0], transpose_a=True)
        tape.watch(x_j)
        loss = tf.reduce_sum(tf.sin(x_j) * x_j)
    by_autodiff, upstream = tape.gradient(loss, [edges.log_alpha.value, x_j])

    z, credit = z.numpy()[0], outputs.numpy() @ upstream.numpy()  # dL/dx_j . O_ij^k(x_i)
    by_equation = [
        sum(credit[m] * ((m == k) - z[k]) * z[m] / temperature for m in range(8)) for k in range(8)
    ]
    np.testing.assert_allclose(by_autodiff[0], by_equation, atol=1e-5)


def test_a_one_hot_draw_is_the_concrete_one_of_the_same_seed_at_temperature_zero():
    log_alpha = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    cold = make_edges(log_alpha)(tf.constant(1e-5), seed=SEED)
    one_hot = make_edges(log_alpha, "one_hot")(tf.constant(0.5), seed=SEED)
    np.testing.assert_allclose(one_hot, cold, atol=1e-6)


def test_the_gradient_of_a_one_hot_draw_is_credit_times_score():
    """Eq. 7 and 8; -R is the gradient that reaches the drawn entry, whatever the others get."""
    generator = np.random.default_rng(1)
    log_alpha = generator.normal(size=(3, 8)).astype(np.float32)
    edges = make_edges(log_alpha, "one_hot")
    upstream = generator.normal(size=(3, 8)).astype(np.float32)
    with tf.GradientTape() as tape:
        z = edges(tf.constant(1.0), seed=SEED)
        loss = tf.reduce_sum(z * upstream)
    weights = np.exp(log_alpha)
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    cost = (z.numpy() * upstream).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        tape.gradient(loss, edges.log_alpha.value), cost * (z.numpy() - probabilities), atol=1e-6
    )


TINY_EDGES = ((0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


class TinyCell:
    """Two inputs, two intermediate nodes, three operations an edge: 243 architectures."""

    def __init__(self, activation):
        generator = np.random.default_rng(3)
        self.activation = activation
        self.inputs = tf.constant(generator.normal(size=(2, 4)).astype(np.float32))
        # "none", and two matrices, on each edge.
        self.kernels = generator.normal(size=(5, 3, 4, 4)).astype(np.float32) / 2
        self.kernels[:, 0] = 0
        self.read_out = generator.normal(size=(2, 4)).astype(np.float32)
        self.log_alpha = tf.constant(generator.normal(size=(5, 3)).astype(np.float32))

    def loss(self, z):
        """The loss [draws] of many draws [draws, edges, operations]."""
        nodes = [tf.tile(x[None], [len(z), 1]) for x in self.inputs]
        for target in (2, 3):
            nodes.append(
                tf.add_n(
                    [
                        z[:, edge, k, None] * self.activation(nodes[source] @ self.kernels[edge, k])
                        for edge, (source, to) in enumerate(TINY_EDGES)
                        if to == target
                        for k in range(3)
                    ]
                )
            )
        return tf.reduce_sum(tf.stack(nodes[2:], axis=1) * self.read_out, axis=[1, 2])

    def gradients(self):
        """Exact gradient of the expected loss, and mean of the estimator, by enumeration."""
        choices = list(itertools.product(range(3), repeat=5))
        z = tf.constant(np.eye(3, dtype=np.float32)[np.array(choices)])
        log_alpha = tf.tile(self.log_alpha[None], [len(choices), 1, 1])
        with tf.GradientTape() as tape:
            tape.watch(log_alpha)
            chances = tf.exp(tf.reduce_sum(tf.nn.log_softmax(log_alpha) * z, axis=[1, 2]))
            expected = tf.reduce_sum(chances * self.loss(z))
        exact = tf.reduce_sum(tape.gradient(expected, log_alpha), axis=0).numpy()
        with tf.GradientTape() as tape:
            tape.watch(log_alpha)
            loss = tf.reduce_sum(self.loss(with_credit(log_alpha, z)))
        estimates = tape.gradient(loss, log_alpha)
        return exact, tf.reduce_sum(chances[:, None, None] * estimates, axis=0).numpy()


def test_the_policy_gradient_is_exact_on_average_where_the_loss_is_linear_in_the_nodes():
    exact, mean = TinyCell(tf.identity).gradients()
    np.testing.assert_allclose(mean, exact, atol=1e-5 * np.abs(exact).max())


def test_the_policy_gradient_is_biased_but_points_the_same_way_where_it_is_not():
    """Bias and angle are those that docs/concepts/relaxations.md states."""
    exact, mean = TinyCell(tf.nn.tanh).gradients()
    bias = np.linalg.norm(mean - exact) / np.linalg.norm(exact)
    cosine = (exact * mean).sum() / np.linalg.norm(exact) / np.linalg.norm(mean)
    assert bias == pytest.approx(0.0541, abs=0.0005)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(3.03, abs=0.02)


def test_entropy_falls_from_that_of_the_uniform_to_zero():
    edge = StochasticEdge(initial_deviation=0.0)
    assert float(edge.entropy()) == pytest.approx(np.log(8), abs=1e-6)
    edge.log_alpha.assign(100.0 * np.eye(8)[np.arange(14) % 8])
    assert float(edge.entropy()) == pytest.approx(0, abs=1e-6)
    np.testing.assert_array_equal(edge.most_probable(), np.eye(8)[np.arange(14) % 8])


def test_probabilities_are_the_softmax_of_log_alpha():
    edge = StochasticEdge(num_edges=2, num_operations=3, initial_deviation=1.0, seed=(5, 0))
    weights = np.exp(edge.log_alpha.numpy())
    np.testing.assert_allclose(
        edge.probabilities(), weights / weights.sum(axis=1, keepdims=True), rtol=1e-5
    )


def test_the_initial_value_is_that_of_its_seed():
    values = [StochasticEdge(seed=(seed, 0)).log_alpha.numpy() for seed in (0, 0, 1)]
    np.testing.assert_array_equal(values[0], values[1])
    assert not np.allclose(values[0], values[2])
    assert values[0].mean() == pytest.approx(1, abs=0.01)
    assert values[0].std() == pytest.approx(0.01, rel=0.3)


def test_every_pair_of_a_run_s_seed_and_a_kind_has_its_own_initial_value():
    seeds = [*range(200), 2**30 - 1, 2**30, *range(2**31 - 5, 2**31)]
    values = {
        (seed, kind): StochasticEdge(2, 3, seed=(seed, kind)).log_alpha.numpy().tobytes()
        for seed in seeds
        for kind in (0, 1)
    }
    assert len(set(values.values())) == len(values)


def test_config_rebuilds_the_layer():
    edge = StochasticEdge(3, 2, initial_deviation=0.5, seed=(9, 1), relaxation="one_hot")
    again = StochasticEdge.from_config(edge.get_config())
    np.testing.assert_array_equal(again.log_alpha, edge.log_alpha)
    z = again(tf.constant(1.0), seed=SEED)
    assert set(z.numpy().ravel()) == {0, 1}
    assert tuple(z.shape) == again.compute_output_shape() == (3, 2)
    np.testing.assert_allclose(tf.reduce_sum(z, axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    "arguments", [{"num_edges": 0}, {"num_operations": 1}, {"relaxation": "hard"}]
)
def test_a_distribution_without_a_choice_is_refused(arguments):
    with pytest.raises(ValueError, match="received"):
        StochasticEdge(**arguments)
