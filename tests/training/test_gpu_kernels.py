"""Every operation of a traced step has a kernel for GPUs: without one, it waits for the host."""

import functools
import itertools

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

from snas_tf.algorithms.search_model import SearchModel
from snas_tf.algorithms.snas import SNAS
from snas_tf.architecture.spaces import DARTS
from snas_tf.config import SearchConfig
from snas_tf.config.training import PRECISIONS
from snas_tf.layers import placement
from snas_tf.models.parent import ParentNetwork
from tests.algorithms.small_models import make_batch
from tests.graphs import all_nodes
from tests.slow import slow

SPACE = DARTS.vary(None, 1)
QUICK = ("float16", "concrete")
"""The type of which TensorFlow has the fewest kernels, and the default relaxation."""
CASES = [
    case if case == QUICK else slow(*case)
    for case in itertools.product(PRECISIONS, ("concrete", "one_hot"))
]
HOST = set()
"""Operations that are meant for the host besides those that are placed there."""


@functools.cache
def gpu_kernels(operation):
    found = kernels.get_registered_kernels_for_op(operation).kernel
    return [one for one in found if one.device_type in ("GPU", "DEFAULT")]


def has_kernel(node):
    """Whether a kernel for GPUs takes the types of a node."""
    return any(
        all(
            set(node.attr[one.name].list.type or [node.attr[one.name].type])
            <= set(one.allowed_values.list.type)
            for one in kernel.constraint
        )
        for kernel in gpu_kernels(node.op)
    )


def trace(precision, relaxation):
    """The nodes of a traced step, those of its functions included."""
    config = SearchConfig(
        3, 2, relaxation=relaxation, constraint_weight=0.1, precision=precision, num_nodes=1
    )
    plan = SPACE.plan_network(3, 2, (8, 8))
    parent = ParentNetwork(plan, 4, np.full(3, 128.0), np.full(3, 64.0), precision=precision)
    model = SearchModel(SNAS(parent, config, num_steps=10, seed=0))
    step = model.make_train_function()
    batches = iter(tf.data.Dataset.from_tensors(make_batch()))
    return all_nodes(step.get_concrete_function(batches).graph)


@pytest.mark.skipif(not gpu_kernels("AddV2"), reason="a TensorFlow without GPUs")
@pytest.mark.parametrize(("precision", "relaxation"), CASES)
def test_every_operation_of_a_step_has_a_kernel_for_gpus(monkeypatch, precision, relaxation):
    monkeypatch.setattr(placement, "has_gpu", lambda: True)
    nodes = trace(precision, relaxation)
    lacking = {
        node.op
        for node in nodes
        if "CPU" not in node.device and node.op not in HOST and not has_kernel(node)
    }
    assert not lacking
    operations = {node.op for node in nodes}
    assert "DepthwiseConv2dNativeBackpropFilter" in operations  # It is the step.


def test_an_operation_without_a_kernel_is_noticed():
    graph = tf.Graph()
    with graph.as_default():
        tf.strings.length(tf.constant("x"))
        tf.nn.relu(tf.constant(1.0))
    found = {node.op: has_kernel(node) for node in graph.as_graph_def().node}
    assert not found["StringLength"]
    assert found["Relu"] or not gpu_kernels("AddV2")
