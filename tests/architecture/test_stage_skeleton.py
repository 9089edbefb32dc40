import dataclasses

import pytest

from snas_tf.architecture import genotype_json
from snas_tf.architecture.edge_text import from_text
from snas_tf.architecture.spaces import NASBENCH201


def test_each_stage_after_the_first_begins_at_half_the_resolution_and_twice_the_channels():
    plans = NASBENCH201.plan_network(2, 16, (32, 31))
    assert [plan.channels for plan in plans] == [16, 16, 32, 32, 64, 64]
    assert [plan.input_channels for plan in plans] == [(16,), (16,), (16,), (32,), (32,), (64,)]
    sizes = [(32, 31)] * 2 + [(16, 16)] * 2 + [(8, 8)] * 2
    assert [plan.input_size for plan in plans] == [plan.output_size for plan in plans] == sizes
    assert [plan.preprocess == ("residual_block",) for plan in plans] == [
        index in (2, 4) for index in range(6)
    ]
    assert all(plan.stride(node) == 1 for plan in plans for node in range(4))


def test_the_default_network_has_five_cells_a_stage():
    assert NASBENCH201.skeleton.evaluation_size == NASBENCH201.skeleton.search_size == (5, 16)
    plans = NASBENCH201.plan_network(*NASBENCH201.skeleton.evaluation_size, (32, 32))
    assert len(plans) == 15
    assert plans.num_cells == 5


def test_on_imagenet_the_first_cell_reads_the_end_of_the_stem():
    plans = NASBENCH201.plan_network(1, 16, (224, 224), stem="imagenet")
    assert [plan.input_size for plan in plans] == [(28, 28), (14, 14), (7, 7)]
    assert plans[0].input_channels == (16,)


def test_a_cell_that_hands_on_several_nodes_is_refused():
    with pytest.raises(ValueError, match="accepted: a single node"):
        dataclasses.replace(NASBENCH201, outputs=(2, 3))
    none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    text = genotype_json.to_json(from_text(none))
    assert genotype_json.from_json(text) == from_text(none)
    with pytest.raises(ValueError, match=r"normal.concat: received \[2, 3\], accepted: \[3\]"):
        genotype_json.from_json(text.replace("[3]", "[2, 3]"))
