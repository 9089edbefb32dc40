"""The search space of DARTS and SNAS (Section 2.1, Appendix G.1)."""

from snas_tf.architecture.search_space import SearchSpace

DARTS = SearchSpace(
    name="darts",
    operations=(
        "none",
        "skip_connect",
        "max_pool_3x3",
        "avg_pool_3x3",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "dil_conv_3x3",
        "dil_conv_5x5",
    ),
    kinds=("normal", "reduce"),
    num_inputs=2,
    num_intermediate=4,
)
"""Cells of 7 nodes: two inputs (0 and 1), four intermediate nodes (2 to 5) and an output that
concatenates these; 14 edges with 8 candidates each, of which `none` is the zero operation."""
