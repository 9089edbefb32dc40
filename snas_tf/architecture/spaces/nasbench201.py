"""The search space of NAS-Bench-201 (Dong and Yang, 2020)."""

from snas_tf.architecture.operations import PLAIN_AVERAGE_POOLING
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.architecture.stage_skeleton import StageSkeleton

NASBENCH201 = SearchSpace(
    name="nasbench201",
    operations=("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"),
    kinds=("normal",),
    num_inputs=1,
    num_intermediate=3,
    outputs=(3,),
    kept_inputs=None,
    own_operations=(PLAIN_AVERAGE_POOLING,),
    skeleton=StageSkeleton(),
)
"""Cells of 4 nodes: the input (0), two nodes in between, and the output (3); 6 edges with 5
candidates each, 15,625 cells in all. Its average pooling has no normalization."""
