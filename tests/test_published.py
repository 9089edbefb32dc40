import pytest

from snas_tf import published


@pytest.mark.parametrize("table", [published.CIFAR10, published.IMAGENET])
def test_our_row_stands_under_the_published_ones_and_is_told_from_them(table):
    ours = ("mine", *("1.25" for _ in table.head[1:]))
    lines = table.with_ours(ours).splitlines()
    assert lines[0] == table.title
    assert "published above" in lines[-2]
    assert lines[-1].split() == list(ours)
    assert len(lines) == len(table.rows) + 5
    assert {len(line) for line in lines[1:]} == {len(lines[1])}


def test_the_tables_have_the_papers_own_results():
    cifar10 = {row[0]: row[1:3] for row in published.CIFAR10.rows}
    assert cifar10["SNAS mild + cutout"] == ("2.98", "2.9")
    assert cifar10["SNAS moderate + cutout"] == ("2.85 +- 0.02", "2.8")
    assert cifar10["SNAS aggressive + cutout"] == ("3.10 +- 0.04", "2.3")
    assert published.IMAGENET.rows[-1] == ("SNAS mild", "27.3", "9.2", "4.3", "522")
