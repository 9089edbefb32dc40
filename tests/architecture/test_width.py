import pytest

from snas_tf.architecture import network_cost, width, zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.errors import UserError

# Of 14 cells at 224 x 224 with 1,000 classes under 600 M multiply-adds.
WIDEST = {
    "snas_mild": 56,
    "snas_moderate": 54,
    "snas_aggressive": 58,
    "darts_v1": 52,
    "darts_v2": 50,
    "nasnet_a": 46,
    "amoebanet_a": 50,
    "amoebanet_b": 54,
    "amoebanet_c": 46,
    "pnas": 44,
    "enas": 44,
}


@pytest.mark.parametrize("name", zoo.genotypes())
def test_the_widest_network_is_within_the_budget_and_the_next_is_not(name):
    genotype = zoo.genotypes()[name]
    channels = width.widest_channels(genotype, 14, (224, 224), 1000, 600e6)
    counts = [
        network_cost.child_cost(
            genotype,
            DARTS.plan_network(14, one, (224, 224), genotype.output_nodes, "imagenet"),
            1000,
        ).multiply_adds
        for one in (channels, channels + 2)
    ]
    assert counts[0] <= 600e6 < counts[1]
    assert channels == WIDEST[name]


def test_a_budget_that_nothing_meets_is_refused():
    with pytest.raises(UserError, match=r"`max_multiply_adds`=1000: less than"):
        width.widest_channels(zoo.genotypes()["darts_v2"], 14, (224, 224), 1000, 1000)
