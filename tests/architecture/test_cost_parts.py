from snas_tf.architecture import cost, cost_parts, zoo
from snas_tf.architecture.spaces import DARTS


def test_the_defaults_are_the_evaluations_network():
    genotype = zoo.genotypes()["darts_v2"]
    parts = cost_parts.count_parts(genotype, DARTS.plan_network(20, 36, (32, 32)), 10)
    assert cost.total([part for _, part in parts]).parameters == 3_351_502


def test_an_imagenet_network_has_the_parameters_and_multiply_adds_of_an_independent_count():
    genotype = zoo.genotypes()["darts_v2"]
    network_plan = DARTS.plan_network(14, 48, (224, 224), stem="imagenet")
    total = cost.total([part for _, part in cost_parts.count_parts(genotype, network_plan, 1000)])
    assert (total.parameters, total.multiply_adds) == (4_721_632, 529_911_552)
