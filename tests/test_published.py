from snas_tf import published


def test_our_row_stands_under_the_published_ones_and_is_told_from_them():
    ours = published.Row("mine", "3.21 +- 0.10", "2.5", "-")
    lines = published.table(published.CIFAR10, ours).splitlines()
    assert "published above" in lines[-2]
    assert lines[-1].split() == ["mine", "3.21", "+-", "0.10", "2.5", "-"]
    assert len(lines) == len(published.CIFAR10) + 4
    assert {len(line) for line in lines} == {len(lines[0])}


def test_the_table_has_the_papers_own_results():
    rows = {row.name: (row.test_error, row.parameters) for row in published.CIFAR10}
    assert rows["SNAS mild + cutout"] == ("2.98", "2.9")
    assert rows["SNAS moderate + cutout"] == ("2.85 +- 0.02", "2.8")
    assert rows["SNAS aggressive + cutout"] == ("3.10 +- 0.04", "2.3")
