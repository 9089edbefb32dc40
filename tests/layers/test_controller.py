import itertools

import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.spaces import DARTS, NASBENCH201
from snas_tf.layers.controller import Controller
from tests.small_space import SMALL

SEED = tf.constant([3, 4], tf.int64)
ONE_NODE = SearchSpace(
    "one_node", ("none", "skip_connect", "sep_conv_3x3"), kinds=("normal",), num_intermediate=1
)


def randomize(controller, scale=1.0):
    """Give the controller weights with which its decisions are far from equally probable."""
    generator = np.random.default_rng(0)
    for weight in controller.trainable_variables:
        weight.assign(scale * generator.normal(size=weight.shape))
    return controller


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class NumPyWalk:
    """The LSTM's state, and what the decisions on one sample add up to."""

    def __init__(self, controller, decisions):
        weights = {weight.name: weight for weight in controller.trainable_weights}
        weights |= {f"lstm_{one.name}": one for one in controller.lstm.trainable_weights}
        weights["kernel"] = controller.kernel
        self.weights = {name: one.numpy().astype(float) for name, one in weights.items()}
        self.h = self.c = np.zeros(controller.units)
        self.decisions = iter(decisions)
        self.log_probability = self.entropy = 0.0

    def read(self, x):
        gates = x @ self.weights["lstm_kernel"] + self.h @ self.weights["lstm_recurrent_kernel"]
        enter, forget, candidate, leave = np.split(gates, 4)
        self.c = sigmoid(forget) * self.c + sigmoid(enter) * np.tanh(candidate)
        self.h = sigmoid(leave) * np.tanh(self.c)
        return self.h

    def decide(self, logits):
        """Take the next decision; `logits` holds those of what may be chosen, by index."""
        values = np.array([*logits.values()])
        probabilities = np.exp(values) / np.exp(values).sum()
        decision = next(self.decisions)
        self.log_probability += np.log(probabilities[[*logits].index(decision)])
        self.entropy -= (probabilities * np.log(probabilities)).sum()
        return decision


def score(controller, decisions):
    """Log-probability and entropy of given decisions, and Z [edges, operations] of each kind."""
    space, walk, z = controller.space, NumPyWalk(controller, decisions), {}
    weights, live = walk.weights, [name for name in space.operations if name != "none"]
    start = weights["start"][0]
    for kind in space.kinds:
        keys = [walk.read(start) @ weights["key_kernel"] for _ in range(space.num_inputs)]
        anchors, edges = [np.zeros(controller.units)] * space.num_inputs, {}
        for target in space.intermediate_nodes:
            x, sources = start, []
            for _ in range(min(2, target)):
                query = walk.read(x) @ weights["query_kernel"]
                ratings = [np.tanh(key + query) @ weights["score_kernel"][:, 0] for key in keys]
                logits = {
                    node: 1.10 * np.tanh(rating)
                    for node, rating in enumerate(ratings)
                    if node not in sources
                }
                sources.append(walk.decide(logits))
                x = anchors[sources[-1]]
            for source in sources:
                ratings = walk.read(x) @ weights["kernel"] + weights["bias"]
                choice = walk.decide(dict(enumerate(1.10 / 2.5 * np.tanh(ratings))))
                edges[source, target] = live[choice]
                x = weights["embedding"][choice]
            anchors.append(walk.read(x))
            keys.append(anchors[-1] @ weights["key_kernel"])
        columns = [space.operations.index(edges.get(edge, "none")) for edge in space.edges]
        z[kind] = np.eye(len(space.operations))[columns]
    return walk.log_probability, walk.entropy, z


@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_log_probability_entropy_and_z_are_those_of_the_decisions(scale):
    controller = randomize(Controller(SMALL, units=5), scale)
    sample = controller(SEED, samples=4)
    for index, decisions in enumerate(sample.decisions.numpy()):
        log_probability, entropy, z = score(controller, decisions)
        assert sample.log_probability[index].numpy() == pytest.approx(log_probability, rel=1e-5)
        assert sample.entropy[index].numpy() == pytest.approx(entropy, rel=1e-5)
        for kind in SMALL.kinds:
            np.testing.assert_array_equal(sample.z[kind][index], z[kind])


def test_cells_have_the_frequencies_of_their_probabilities():
    controller, count = randomize(Controller(ONE_NODE, units=5)), 20_000
    sample = controller(SEED, samples=count)
    found, index, counts = np.unique(
        sample.decisions.numpy(), axis=0, return_index=True, return_counts=True
    )
    orders, operations = [(0, 1), (1, 0)], itertools.product(range(2), repeat=2)
    expected = [(*one, *other) for one, other in itertools.product(orders, operations)]
    assert sorted(map(tuple, found)) == sorted(expected)
    probabilities = np.exp(sample.log_probability.numpy()[index])
    assert probabilities.sum() == pytest.approx(1, rel=1e-5)
    assert probabilities.max() > 2 * probabilities.min()
    deviation = np.sqrt(probabilities * (1 - probabilities) / count)
    assert (abs(counts / count - probabilities) < 4 * deviation).all()


def test_every_node_has_two_distinct_inputs_with_operations_other_than_zero():
    controller = Controller()
    z = controller(SEED, samples=50).z
    assert {kind: one.shape for kind, one in z.items()} == controller.compute_output_shape((2,), 50)
    targets = np.array([target for _, target in DARTS.edges])
    for one in z.values():
        assert set(np.unique(one)) == {0.0, 1.0}
        np.testing.assert_array_equal(one.numpy().sum(axis=2), 1)
        live = one.numpy()[..., DARTS.zero] == 0
        for node in DARTS.intermediate_nodes:
            assert (live[:, targets == node].sum(axis=1) == 2).all()


def test_a_single_earlier_node_is_the_only_input():
    space = SearchSpace("one_input", SMALL.operations, num_inputs=1, num_intermediate=2)
    live = Controller(space, units=4)(SEED, samples=20).z["normal"].numpy()[..., space.zero] == 0
    assert space.edges == ((0, 1), (0, 2), (1, 2))
    assert live.all()


def test_where_a_space_keeps_no_number_of_inputs_every_edge_has_a_decision():
    controller = randomize(Controller(NASBENCH201, units=5), 3.0)
    sample = controller(SEED, samples=200)
    z = sample.z["normal"].numpy()
    assert sample.decisions.shape == (200, 6)
    np.testing.assert_array_equal(z.argmax(axis=-1), sample.decisions)  # zero is a candidate
    np.testing.assert_array_equal(z.sum(axis=-1), 1)
    assert len(np.unique(sample.decisions)) == 5


def test_a_seed_always_gives_the_same_cells_and_weights():
    sample, again = (Controller(SMALL, units=8, seed=5)(SEED, samples=3) for _ in range(2))
    np.testing.assert_array_equal(sample.decisions, again.decisions)
    other = Controller(SMALL, units=8, seed=5)(SEED + 1, samples=3)
    assert not np.array_equal(sample.decisions, other.decisions)
    weights, others = (Controller(SMALL, seed=seed).trainable_variables for seed in (5, 6))
    for one, another in zip(weights, others, strict=True):
        assert one.path.endswith("bias") or not np.allclose(one, another)
        assert np.abs(one).max() <= 0.1


def test_the_config_makes_an_equal_controller():
    controller = Controller(SMALL, units=8, seed=5)
    again = Controller.from_config(controller.get_config())
    for one, other in zip(controller.trainable_variables, again.trainable_variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_controller_of_a_variant_is_rebuilt_for_it():
    variant = DARTS.vary(("max_pool_3x3", "none"), 2)
    again = Controller.from_config(Controller(variant, units=8).get_config())
    assert again.space == variant
    z = again(SEED).z
    assert tuple(z["normal"].shape) == (1, 5, 2)


@pytest.mark.parametrize(
    ("space", "units"),
    [(SMALL, 0), (SearchSpace("no_zero", ("skip_connect", "sep_conv_3x3")), 8)],
)
def test_a_space_without_zero_and_no_units_are_refused(space, units):
    with pytest.raises(ValueError, match="the operation none and at least 1 unit, received: "):
        Controller(space, units)
