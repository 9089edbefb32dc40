import pytest

from snas_tf.architecture.spaces import DARTS


def test_a_cell_has_the_papers_14_edges_in_order_of_target():
    assert len(DARTS.edges) == 14
    assert DARTS.edges[:5] == ((0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    assert all(source < target for source, target in DARTS.edges)


@pytest.mark.parametrize(
    ("num_cells", "expected"), [(3, {1, 2}), (5, {1, 3}), (8, {2, 5}), (14, {4, 9}), (20, {6, 13})]
)
def test_reductions_stand_at_one_and_two_thirds_of_the_depth(num_cells, expected):
    network_plan = DARTS.plan_network(num_cells, 4, (32, 32))
    assert {plan.index for plan in network_plan if plan.kind == "reduce"} == expected


def test_the_papers_search_network_has_these_sizes():
    network_plan = DARTS.plan_network(8, 16, (32, 32))
    assert [plan.channels for plan in network_plan] == [16, 16, 32, 32, 32, 64, 64, 64]
    assert [plan.input_channels for plan in network_plan] == [
        (48, 48),
        (48, 64),
        (64, 64),
        (64, 128),
        (128, 128),
        (128, 128),
        (128, 256),
        (256, 256),
    ]
    assert [plan.output_size[0] for plan in network_plan] == [32, 32, 16, 16, 16, 8, 8, 8]
    after_reductions = [plan.index for plan in network_plan if plan.preprocess[0] != "pointwise"]
    assert after_reductions == [3, 6]
    assert {plan.preprocess for plan in network_plan[3::3]} == {
        ("factorized_reduction", "pointwise")
    }


def test_odd_sizes_are_halved_upwards():
    network_plan = DARTS.plan_network(3, 4, (7, 5))
    assert [plan.output_size for plan in network_plan] == [(7, 5), (4, 3), (2, 2)]


def test_a_cell_hands_on_the_channels_of_the_nodes_that_it_concatenates():
    network_plan = DARTS.plan_network(5, 4, (8, 8), {"normal": 5, "reduce": 3})
    assert [plan.output_channels for plan in network_plan] == [20, 24, 40, 48, 80]
    assert [plan.input_channels for plan in network_plan][2:] == [(20, 24), (24, 40), (40, 48)]


def test_the_nodes_behind_a_stride_are_smaller():
    _, reduce, _ = DARTS.plan_network(3, 4, (7, 5))
    assert [reduce.node_size(node) for node in (0, 1, 2, 5)] == [(7, 5)] * 2 + [(4, 3)] * 2


def test_only_edges_next_to_the_inputs_of_a_reduction_cell_have_stride_two():
    normal, reduce, _ = DARTS.plan_network(3, 4, (8, 8))
    assert [reduce.stride(source) for source in range(6)] == [2, 2, 1, 1, 1, 1]
    assert {normal.stride(source) for source in range(6)} == {1}


@pytest.mark.parametrize(
    ("num_cells", "init_channels", "message"),
    [(2, 4, "received: 2"), (3, 5, "received: 5"), (3, 0, "received: 0")],
)
def test_a_network_that_can_not_be_is_refused(num_cells, init_channels, message):
    with pytest.raises(ValueError, match=message):
        DARTS.plan_network(num_cells, init_channels, (8, 8))
