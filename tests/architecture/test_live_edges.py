import numpy as np
import pytest

from snas_tf.architecture import live_edges, spaces
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from tests.random_genotypes import free_genotype

SKIP = "skip_connect"


def path_exists(cell, edge):
    """Whether an edge is on a path, by powers of the matrix of edges."""
    nodes = max(cell.nodes) + 1
    steps = np.zeros((nodes, nodes), int)
    for one in cell.edges:
        steps[one.source, one.target] = 1
    reach = sum(np.linalg.matrix_power(steps, power) for power in range(nodes)) > 0
    from_input = any(reach[node, edge.source] for node in range(cell.space.num_inputs))
    return from_input and any(reach[edge.target, node] for node in cell.concat)


@pytest.mark.parametrize("seed", range(20))
def test_an_edge_is_live_where_a_path_from_an_input_to_the_output_has_it(seed):
    for cell in free_genotype(seed).cells:
        expected = [edge for edge in cell.edges if path_exists(cell, edge)]
        assert live_edges.live_edges(cell) == expected


def test_a_cell_that_reads_no_earlier_cell_makes_them_superfluous():
    reads_older = CellGenotype((Edge(0, 2, SKIP),))
    reads_newer = CellGenotype((Edge(1, 2, SKIP),))
    dead = CellGenotype(())
    plans = spaces.DARTS.plan_network(6, 4, (8, 8))  # reduce at 2 and 4

    def needed(normal, reduce):
        return [plan.index for plan in live_edges.needed_cells(Genotype((normal, reduce)), plans)]

    assert needed(reads_newer, reads_newer) == [0, 1, 2, 3, 4, 5]
    assert needed(reads_older, reads_older) == [1, 3, 5]
    assert needed(dead, reads_newer) == [5]


def test_nodes_with_two_edges_sum_them():
    edges = [Edge(0, 2, SKIP), Edge(1, 2, SKIP), Edge(0, 3, SKIP), Edge(2, 4, SKIP)]
    assert live_edges.count_sums(edges) == 1
    assert live_edges.count_sums([]) == 0
