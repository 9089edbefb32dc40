import dataclasses

import pytest

from snas_tf.architecture import child_size, network_cost, zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.errors import UserError

PLANS = {
    "cifar": (DARTS.plan_network(20, 36, (32, 32)), 10),
    "imagenet": (DARTS.plan_network(14, 48, (224, 224), stem="imagenet"), 1000),
}


@pytest.mark.parametrize("stem", PLANS)
@pytest.mark.parametrize("measure", child_size.MEASURES)
@pytest.mark.parametrize("name", ["snas_mild", "snas_aggressive", "darts_v2"])
def test_edges_and_fixed_cost_add_up_to_the_child(measure, name, stem):
    genotype, size = zoo.genotypes()[name], child_size.evaluation_size(measure, stem=stem)
    total = size.fixed
    for kind in DARTS.kinds:
        for edge in genotype.cell(kind).edges:
            row = DARTS.edges.index((edge.source, edge.target))
            total += size.edges[kind][row, DARTS.operations.index(edge.operation)]
    assert total == getattr(network_cost.child_cost(genotype, *PLANS[stem]), measure)


@pytest.mark.parametrize("measure", child_size.MEASURES)
def test_a_target_is_accepted_from_the_smallest_child_to_the_largest(measure):
    size = child_size.evaluation_size(measure)
    for target in (size.smallest, size.largest):
        child_size.check_target(measure, target)
    for target in (0.99 * size.smallest, 1.01 * size.largest):
        with pytest.raises(UserError, match=f"`target_{measure}`=.* accepted: {size.smallest:.0f}"):
            child_size.check_target(measure, target)
    on_imagenet = child_size.evaluation_size(measure, stem="imagenet").largest
    child_size.check_target(measure, on_imagenet, stem="imagenet")
    with pytest.raises(UserError, match="no child of 14 cells and 48 channels is of this size"):
        child_size.check_target(measure, 1.01 * on_imagenet, stem="imagenet")


def test_the_sizes_of_another_space_are_its_own():
    small = dataclasses.replace(DARTS, operations=("none", "skip_connect", "max_pool_3x3"))
    largest = child_size.evaluation_size("parameters").largest
    child_size.check_target("parameters", largest)
    with pytest.raises(UserError, match="is of this size"):
        child_size.check_target("parameters", largest, small)
