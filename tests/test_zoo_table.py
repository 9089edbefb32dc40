"""docs/results/zoo.md agrees with the zoo, with the published tables and with the counts."""

import pytest

from docs import zoo_table
from snas_tf.architecture import zoo

TEXT = zoo_table.PAGE.read_text(encoding="utf-8")
OWN = {"snas_mild", "snas_moderate", "snas_aggressive", "darts_v1", "darts_v2"}


def name_of(cells):
    return f"{cells.name}-{cells.init_channels}"


@pytest.mark.parametrize("name", ["cifar10", "imagenet"])
def test_a_table_of_cells_is_what_is_counted(name):
    table = "\n".join(zoo_table.TABLES[name]())
    assert f"{zoo_table.begin(name)}{table}\n\n" in TEXT, "run: python docs/zoo_table.py"


def test_the_table_of_keras_has_the_count_of_its_first_network():
    assert f"\n{zoo_table.make_keras_row('MobileNet')}\n" in TEXT, "run: python docs/zoo_table.py"
    for name in zoo_table.OF_KERAS:
        assert f"| `keras:{name}` |" in TEXT


def test_every_cell_of_another_paper_is_in_a_table():
    named = {one.name for one in (*zoo_table.ON_CIFAR10, *zoo_table.ON_IMAGENET)}
    assert named == zoo.genotypes().keys() - OWN


@pytest.mark.parametrize("cells", zoo_table.ON_CIFAR10 + zoo_table.ON_IMAGENET, ids=name_of)
def test_where_a_remark_says_that_counts_agree_they_do(cells):
    row = next(
        line
        for line in TEXT.splitlines()
        if line.startswith(f"| `{cells.name}` | {cells.num_cells}, {cells.init_channels}")
    )
    published, counted, published_operations, counted_operations = (
        float(text) if text != "-" else None for text in row.split(" | ")[3:7]
    )
    if cells.remark == "agrees":
        assert abs(counted - published) <= 0.05
        if published_operations:
            assert abs(counted_operations / published_operations - 1) < 0.02


def test_tables_are_replaced_and_the_rest_of_a_page_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo_table, "TABLES", {"x": lambda: ["| new |"]})
    page = tmp_path / "page.md"
    page.write_text(f"# A\n\n{zoo_table.begin('x')}| old |\n| old |\n\nB\n", encoding="utf-8")
    zoo_table.write(page)
    assert page.read_text(encoding="utf-8") == f"# A\n\n{zoo_table.begin('x')}| new |\n\nB\n"
