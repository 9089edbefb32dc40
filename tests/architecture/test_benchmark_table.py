"""Ranks and references of a table, against the rows that it was made from."""

import numpy as np
import pytest

from snas_tf.architecture import benchmark_file, edge_text, zoo
from snas_tf.architecture.genotype import CellGenotype, Edge, Genotype
from snas_tf.architecture.spaces import NASBENCH201
from snas_tf.errors import UserError
from tests import made_up_table


@pytest.fixture(scope="module")
def content():
    return made_up_table.rows()


@pytest.fixture(scope="module")
def table(content, tmp_path_factory):
    path = made_up_table.write(tmp_path_factory.mktemp("table") / "table.csv", content)
    return benchmark_file.read(path, NASBENCH201)


@pytest.mark.parametrize("number", [1, 77, 15_625])
def test_a_cell_stands_where_its_row_does(content, table, number):
    head, *rows = content
    row = rows[number - 1]
    standings = table.look_up(edge_text.from_text(row[1]))
    assert list(standings) == head[2:]
    for place, name in enumerate(head[2:], 2):
        column = [one[place] for one in rows]
        one = standings[name]
        assert (one.accuracy, one.optimum) == (row[place], max(column))
        assert one.rank == sorted(column, reverse=True).index(row[place]) + 1
        assert one.regret == pytest.approx(max(column) - row[place])


def test_the_uniform_cell_has_a_3x3_convolution_on_every_edge(table):
    text = edge_text.to_text(table.uniform_cell)
    assert text.count("nor_conv_3x3") == len(NASBENCH201.edges)
    assert table.uniform_operation == "nor_conv_3x3"


def test_random_search_takes_a_cell_by_one_column_and_is_judged_by_another(content, table):
    judged_by, accuracy = np.array([[row[4], row[2]] for row in content[1:]]).T
    draws = np.random.default_rng(3).integers(len(accuracy), size=(20_000, 5))
    taken = draws[np.arange(len(draws)), judged_by[draws].argmax(axis=1)]
    found = table.best_of(5, "cifar10_test_200ep", table.validation_column)
    assert found.mean == pytest.approx(accuracy[taken].mean(), abs=0.6)
    assert found.deviation == pytest.approx(accuracy[taken].std(), abs=0.6)
    oracle = table.best_of(5, "cifar10_test_200ep")
    assert oracle.mean == pytest.approx(accuracy[draws].max(axis=1).mean(), abs=0.3)


@pytest.mark.parametrize(
    ("columns", "tests", "validation"),
    [
        (made_up_table.COLUMNS, list(made_up_table.COLUMNS[:2]), "cifar10_val_12ep"),
        (("mine", "other"), ["mine", "other"], None),
    ],
)
def test_columns_are_told_by_their_names(tmp_path, columns, tests, validation):
    table = made_up_table.read(tmp_path, columns=columns)
    assert (table.test_columns, table.validation_column) == (tests, validation)


def test_a_cell_that_the_table_does_not_have_is_refused(table):
    with pytest.raises(UserError, match=r"^a cell of darts .* accepted: a cell of nasbench201"):
        table.look_up(zoo.genotypes()["darts_v2"])
    edges = (Edge(0, 1, "sep_conv_3x3"),)
    for space in (NASBENCH201, made_up_table.SMALL):
        with pytest.raises(UserError, match=rf"^a cell of {space.name} that"):
            table.look_up(Genotype((CellGenotype(edges, space.concat, space),)))
