import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture import network_cost
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.spaces import DARTS
from snas_tf.models.parent import ParentNetwork
from tests.slow import slow

PLANS = DARTS.plan_network(3, 4, (8, 8))


def network(num_classes=5, mean=(0, 0, 0), deviation=(1, 1, 1)):
    return ParentNetwork(
        PLANS, num_classes, np.array(mean, float), np.array(deviation, float), skip_threshold=0
    )


def uniform():
    return {kind: tf.fill([14, 8], 0.125) for kind in DARTS.kinds}


def images(seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=(2, 8, 8, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("cells", "channels", "size"),
    [(4, 6, (9, 7)), slow(3, 2, (8, 8)), slow(7, 4, (8, 12))],
)
def test_any_number_of_cells_even_channels_and_sizes_run(cells, channels, size):
    network_plan = DARTS.plan_network(cells, channels, size)
    parent = ParentNetwork(network_plan, 3, np.zeros(3), np.ones(3), skip_threshold=0)
    batch = tf.zeros([2, *size, 3], tf.uint8)
    logits = parent(batch, z=uniform(), training=True)
    assert logits.shape == (2, 3)
    assert np.isfinite(logits).all()


def test_images_are_normalized_by_the_networks_own_statistics():
    plain = network()
    scaled = network(mean=(10, 20, 30), deviation=(2, 3, 4))
    scaled.set_weights(plain.get_weights()[: len(scaled.weights)])
    x = images().astype(np.float32)
    np.testing.assert_allclose(
        scaled.normalize(x), (x - [10, 20, 30]) / [2, 3, 4], rtol=1e-5, atol=1e-5
    )


def test_each_kind_of_cell_follows_its_own_draw():
    parent, z = network(), uniform()
    before = parent(tf.constant(images()), z=z)
    for kind in DARTS.kinds:
        changed = {**z, kind: tf.one_hot([4] * 14, 8)}
        assert not np.allclose(before, parent(tf.constant(images()), z=changed))


def test_the_parent_has_the_weights_of_every_child_that_the_cost_model_counts():
    """All edges and operations at once, less the child's scales and offsets."""
    names = DARTS.operations[1:]
    everything = CellGenotype(tuple(Edge(*edge, name) for edge in DARTS.edges for name in names))
    counted = network_cost.child_cost(Genotype((everything, everything)), PLANS, 5).parameters
    normalizations = sum(
        2 * plan.channels * (2 + 14 * (2 + 2 * 2 + 2) + 8 * (plan.kind == "reduce"))
        for plan in PLANS
    )
    weights = sum(int(np.prod(one.shape)) for one in network().trainable_variables)
    assert weights == counted - normalizations


def test_a_network_of_one_class_is_refused():
    with pytest.raises(ValueError, match="received: 1"):
        network(num_classes=1)
