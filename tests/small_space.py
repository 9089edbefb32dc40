"""Search spaces of few operations and nodes, whose searches start soon."""

from snas_tf.architecture import spaces
from snas_tf.architecture.search_space import SearchSpace

OPERATIONS = ("none", "skip_connect", "max_pool_3x3", "sep_conv_3x3")
SMALL = spaces.register(SearchSpace("small_of_tests", OPERATIONS, num_intermediate=2))
TINY = spaces.register(
    SearchSpace("tiny_of_tests", ("none", "skip_connect", "sep_conv_3x3"), num_intermediate=1)
)
"""Both of its edges are kept, so a search decides on operations alone."""
