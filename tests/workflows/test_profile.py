"""--mode=profile, as a user runs it."""

import json

from snas_tf.architecture import network_cost, zoo
from snas_tf.architecture.spaces import DARTS
from snas_tf.workflows import profile
from tests.programs import run_in_process


def test_the_last_line_is_a_json_object_that_agrees_with_the_table():
    done = run_in_process(
        "--mode=profile", "--genotype=snas_aggressive", "--num_cells=4", "--init_channels=6"
    )
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


def test_a_network_without_cells_is_said_to_have_none(capsys):
    figures = {"parameters": 1, "multiply_adds": 2, "memory_access": 3}
    result = {**figures, "num_cells": 0, "latency_ms": 1.0, "genotype": "keras:MobileNet"}
    profile.report({**result, "parts": [{"name": "1 Dense", **figures}]})
    assert (
        "keras:MobileNet has no cells: only the size of images and the" in capsys.readouterr().out
    )
