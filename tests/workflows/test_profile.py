"""--mode=profile, as a user runs it."""

import json

from snas_tf.architecture import cost, network_cost, zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.workflows import profile
from tests.programs import run


def test_the_last_line_is_a_json_object_that_agrees_with_the_table():
    done = run("--mode=profile", "--genotype=snas_aggressive", "--num_cells=4", "--init_channels=6")
    assert done.returncode == 0, done.stderr
    *table, last = done.stdout.splitlines()
    result = json.loads(last)
    genotype = zoo.genotypes()["snas_aggressive"]
    plan = DARTS.plan_network(4, 6, (32, 32), genotype.output_nodes)
    counted = network_cost.child_cost(genotype, plan, 10)
    for name in ("parameters", "multiply_adds", "memory_access"):
        assert result[name] == getattr(counted, name)
        assert sum(part[name] for part in result["parts"]) == result[name]
        assert any(line.startswith("total") and f"{result[name]:,}" in line for line in table)
    assert result["latency_ms"] > 0
    assert sum(line.startswith("cell ") for line in table) == 4


def test_the_defaults_are_the_evaluations_network():
    genotype = zoo.genotypes()["darts_v2"]
    parts = profile.count_parts(genotype, DARTS.plan_network(20, 36, (32, 32)), 10)
    assert cost.total([part for _, part in parts]).parameters == 3_351_502


def test_an_imagenet_network_has_the_parameters_and_multiply_adds_of_an_independent_count():
    genotype = zoo.genotypes()["darts_v2"]
    network_plan = DARTS.plan_network(14, 48, (224, 224), stem="imagenet")
    total = cost.total([part for _, part in profile.count_parts(genotype, network_plan, 1000)])
    assert (total.parameters, total.multiply_adds) == (4_721_632, 529_911_552)
