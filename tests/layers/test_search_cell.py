import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from snas_tf.architecture.operations import OPERATIONS
from snas_tf.architecture.spaces import DARTS
from snas_tf.layers import registry, search_cell

POOLINGS = ("max_pool_3x3", "avg_pool_3x3")
CONVOLUTIONS = ("sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5")
NORMAL, REDUCE, LAST = DARTS.plan_network(3, 4, (8, 8))


def inputs(plan, seed=0):
    generator = np.random.default_rng(seed)
    sizes = [plan.input_size] * 2
    if plan.preprocess[0] == "factorized_reduction":
        sizes[0] = tuple(2 * length for length in plan.input_size)
    return tuple(
        tf.constant(generator.normal(size=(2, *size, channels)).astype(np.float32))
        for size, channels in zip(sizes, plan.input_channels, strict=True)
    )


def one_hot(names):
    return tf.constant(np.eye(8)[[DARTS.operations.index(name) for name in names]], tf.float32)


def by_hand(cell, given, names):
    """Eq. 1 with one operation an edge, through the layers' own calls one edge at a time."""
    values = [layer([x])[0] for layer, x in zip(cell.preprocess, given, strict=True)]
    for target in DARTS.intermediate_nodes:
        total = 0
        for source in range(target):
            edge = DARTS.edges.index((source, target))
            name, stride = names[edge], cell.plan.stride(source)
            x = values[source]
            if name == "none":
                y = tf.zeros([2, *cell.plan.output_size, cell.plan.channels])
            elif name == "skip_connect" and stride == 1:
                y = x
            else:
                layers = {**cell.poolings, **cell.convolutions}
                index = source if name in cell.poolings else edge
                if name == "skip_connect":
                    index = [e for e in DARTS.edges if e[0] < 2].index((source, target))
                weights = layers[name].unstack()[index]
                x = x if "pool" in name else tf.nn.relu(x)
                y, _ = registry.layer_class(OPERATIONS[name]).apply(x, weights, stride)
            total += y
        values.append(total)
    return tf.concat(values[2:], axis=-1)


@pytest.mark.parametrize(
    "plan", [NORMAL, REDUCE, LAST], ids=lambda plan: plan.kind + str(plan.index)
)
@pytest.mark.parametrize("seed", range(3))
def test_a_one_hot_draw_is_the_child_it_names(plan, seed):
    keras.utils.set_random_seed(seed)
    cell = search_cell.SearchCell(plan)
    names = np.random.default_rng(seed).choice(DARTS.operations, size=14)
    given = inputs(plan)
    np.testing.assert_allclose(cell(given, one_hot(names)), by_hand(cell, given, names), atol=1e-4)


def test_all_zero_operations_give_zero():
    cell = search_cell.SearchCell(NORMAL)
    np.testing.assert_array_equal(cell(inputs(NORMAL), one_hot(["none"] * 14), training=True), 0)


@pytest.mark.parametrize("plan", [NORMAL, REDUCE], ids=["normal", "reduce"])
def test_the_gradient_of_z_is_the_credit_of_each_operation(plan):
    """dL/dz_k = dL/dx_j . O_k(x_i), read off the node that the last edge (4, 5) enters."""
    keras.utils.set_random_seed(0)
    cell, given = search_cell.SearchCell(plan, skip_threshold=0), inputs(plan)
    z = tf.nn.softmax(tf.random.stateless_normal([14, 8], [1, 2]))
    with tf.GradientTape() as tape:
        tape.watch(z)
        output = cell(given, z)
        loss = tf.reduce_sum(tf.sin(output))
    gradient = tape.gradient(loss, z)[13]
    base, channels = output.numpy(), plan.channels
    upstream = np.cos(base[..., 3 * channels :])
    for column in range(8):
        step = np.zeros((14, 8), np.float32)
        step[13, column] = 1
        contribution = cell(given, z + step).numpy() - base  # linear in z of the last edge
        credit = np.sum(upstream * contribution[..., 3 * channels :])
        assert gradient[column].numpy() == pytest.approx(credit, abs=2e-2, rel=1e-3)


def test_parent_normalizations_have_no_scale_and_offset():
    names = {variable.name for variable in search_cell.SearchCell(REDUCE).trainable_variables}
    assert names == {"depthwise", "pointwise", "kernels", "kernel"}


def test_moving_statistics_change_in_training_only():
    cell, z = search_cell.SearchCell(NORMAL), tf.fill([14, 8], 0.125)
    before = [variable.numpy() for variable in cell.non_trainable_variables]
    cell(inputs(NORMAL), z)
    for variable, value in zip(cell.non_trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    cell(inputs(NORMAL), z, training=True)
    for variable, value in zip(cell.non_trainable_variables, before, strict=True):
        # Every edge's statistics move, none is forgotten.
        moved = np.abs(variable.numpy() - value).reshape(len(value), -1).max(axis=1)
        assert (moved > 0).all(), variable.name


@pytest.mark.parametrize("plan", [NORMAL, REDUCE, LAST])
def test_output_shape_and_config_tell_the_truth(plan):
    cell = search_cell.SearchCell(plan, skip_threshold=1e-4)
    again = search_cell.SearchCell.from_config(cell.get_config())
    assert again.skip_threshold == 1e-4
    assert again.plan == plan
    output = again(inputs(plan), tf.fill([14, 8], 0.125))
    assert tuple(output.shape[1:]) == again.compute_output_shape(None)[1:]


def test_a_cell_of_a_variant_is_rebuilt_from_its_config_in_json():
    variant = DARTS.vary(("sep_conv_7x7", "none", "max_pool_3x3"), 3)
    cell = search_cell.SearchCell(variant.plan_network(3, 4, (8, 8))[1], variant)
    again = search_cell.SearchCell.from_config(json.loads(json.dumps(cell.get_config())))
    assert again.space == variant
    assert [one.shape for one in again.weights] == [one.shape for one in cell.weights]


def cold_draw(edges=14):
    """At the last temperature; most rows are one-hot but for some 1e-10, two are not."""
    z = tf.nn.softmax(tf.random.stateless_normal([edges, 8], [1, 2]) / 0.03)
    return tf.concat([tf.fill([2, 8], 0.125), z[2:]], axis=0)


def run_with_gradients(cell, given, z):
    with tf.GradientTape() as tape:
        tape.watch((given, z))
        output = cell(given, z, training=True)
        loss = tf.reduce_sum(tf.sin(output))
    weights = [variable.value for variable in cell.trainable_variables]
    return loss, tape.gradient(loss, [*given, *weights])


def test_what_is_skipped_changes_nothing_in_float32():
    space, results = DARTS.vary(DARTS.operations, 2), []
    plan = space.plan_network(3, 4, (8, 8))[1]
    for threshold in (0.0, 1e-6):
        keras.utils.set_random_seed(0)
        cell = search_cell.SearchCell(plan, space, skip_threshold=threshold)
        results.append(run_with_gradients(cell, inputs(plan), cold_draw(len(space.edges))))
    (loss, gradients), (skipped_loss, skipped_gradients) = results
    assert float(skipped_loss) == pytest.approx(float(loss), rel=1e-5)
    for full, skipped in zip(gradients, skipped_gradients, strict=True):
        scale = np.abs(full).max()
        np.testing.assert_allclose(skipped, full, atol=1e-5 * scale)


def test_only_operations_over_the_threshold_run():
    """Weights that would spoil everything are never touched, and statistics of the rest stay."""
    keras.utils.set_random_seed(0)
    cell, z = search_cell.SearchCell(REDUCE), cold_draw()
    live = z.numpy() >= 1e-6
    for name in CONVOLUTIONS:
        kernel = cell.convolutions[name].stacks["pointwise"]
        dead = ~live[:, DARTS.operations.index(name)]
        kernel.assign(np.where(dead.reshape(-1, *[1] * (kernel.ndim - 1)), np.nan, kernel))
    loss, gradients = run_with_gradients(cell, inputs(REDUCE), z)
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    for name in CONVOLUTIONS:
        moved = (cell.convolutions[name].stacks["mean"].numpy() != 0).reshape(14, -1).any(axis=1)
        np.testing.assert_array_equal(moved, live[:, DARTS.operations.index(name)])
    for name in POOLINGS:
        moved = (cell.poolings[name].stacks["mean"].numpy() != 0).any(axis=1)
        used = [
            any(
                live[row, DARTS.operations.index(name)]
                for row, edge in enumerate(DARTS.edges)
                if edge[0] == source
            )
            for source in range(5)
        ]
        np.testing.assert_array_equal(moved, used)


@pytest.mark.parametrize("threshold", [-1e-6, 1.0])
def test_a_threshold_that_is_no_small_share_is_refused(threshold):
    with pytest.raises(ValueError, match=r"skip_threshold must be in \[0, 1\), received"):
        search_cell.SearchCell(NORMAL, skip_threshold=threshold)
